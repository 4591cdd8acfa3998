// EC2: which instances there are; one is started or stopped. DryRun is the API's own: AWS says whether it would work.
import type { Instance } from '@aws-sdk/client-ec2'
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'
import { confirmed, dryRun as dryRunOf } from '../kit/meant.ts'
import { fromCursorOf, NEXT, PAGING, toCursorOf, withMore } from '../kit/paging.ts'
import type { Protected } from '../kit/protected.ts'
import { type Kit, READS } from '../kit/tools.ts'
import type { Aws } from './aws.ts'
import { noInstance } from './problems.ts'
import { REGION } from './settings.ts'

const region = REGION.optional().describe('Another region than the one that is set')
const instanceId = z.string().regex(/^i-[0-9a-f]{8,17}$/, 'is like i-0123456789abcdef0')
const dryRun = dryRunOf('AWS says whether it would work')
const filter = z.object({
  Name: z.string().min(1).max(255).describe('As instance-state-name, or tag:Environment'),
  Values: z.array(z.string().max(255)).min(1).max(200),
})

const Listed = z.object({
  instanceId: z.string(),
  name: z.string().nullable(),
  state: z.string(),
  type: z.string(),
  publicIp: z.string().nullable(),
  privateIp: z.string().nullable(),
  zone: z.string().nullable(),
  launchedAt: z.string().nullable(),
})
const Changed = z.object({
  instanceId: z.string(),
  dryRun: z.boolean(),
  previousState: z.string().nullable(),
  currentState: z.string().nullable(),
})

export function registerInstanceTools(kit: Kit, server: McpServer, aws: Aws, environments: Protected): void {
  kit.tool(
    server,
    'list_ec2_instances',
    {
      title: 'List instances',
      description: 'EC2 instances of one region with their state and addresses; filters are those of EC2.',
      input: z.object({
        filters: z.array(filter).max(50).default([]),
        region,
        cursor: PAGING.cursor,
        limit: z.int().min(5).max(500).default(100).describe('EC2 knows no smaller page than 5'),
      }),
      output: z.object({ instances: z.array(Listed), ...NEXT }),
      annotations: { ...READS, openWorldHint: true },
    },
    async ({ filters, region, cursor, limit }, { signal }) => {
      const list = { filters, region }
      const token = fromCursorOf(list, cursor, z.string())
      const input = {
        MaxResults: limit,
        ...(filters.length > 0 ? { Filters: filters } : {}),
        ...(token ? { NextToken: token } : {}),
      }
      const said = await aws.ask('ec2:DescribeInstances', { region, signal }, (ec2, o) =>
        ec2.describeInstances(input, o),
      )
      const instances = (said.Reservations ?? []).flatMap(one => one.Instances ?? []).map(listed)
      const lines = instances.map(
        one =>
          `${one.instanceId} ${one.name ?? '–'}: ${one.state}, ${one.type}, ${one.publicIp ?? one.privateIp ?? 'no address'}`,
      )
      const next = said.NextToken ? { nextCursor: toCursorOf(list, said.NextToken) } : {}
      const none = said.NextToken ? 'None on this page.' : 'There are no such instances in this region.'
      return { text: withMore(lines.join('\n') || none, next), data: { instances, ...next } }
    },
  )

  kit.tool(
    server,
    'start_ec2_instance',
    {
      title: 'Start an instance',
      description: 'Starts a stopped EC2 instance; it costs money while it runs.',
      input: z.object({ instanceId, region, dryRun }),
      output: Changed,
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
    },
    async ({ instanceId, region, dryRun }, { signal }) => {
      const input = { InstanceIds: [instanceId], DryRun: dryRun }
      const said = await unlessDry(dryRun, () =>
        aws.ask('ec2:StartInstances', { region, signal }, (ec2, o) => ec2.startInstances(input, o)),
      )
      return changed(instanceId, said && (said.StartingInstances ?? []), 'start')
    },
  )

  kit.tool(
    server,
    'stop_ec2_instance',
    {
      title: 'Stop an instance',
      description:
        'Stops a running EC2 instance: what it serves is gone, and what is only in its memory or on its instance store is lost.',
      input: z.object({
        instanceId,
        region,
        dryRun,
        confirm: confirmed('this instance stopped'),
      }),
      output: Changed,
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
    },
    async ({ instanceId, region, dryRun }, { signal }) => {
      const one = { InstanceIds: [instanceId] }
      const { Reservations } = await aws.ask('ec2:DescribeInstances', { region, signal }, (ec2, o) =>
        ec2.describeInstances(one, o),
      )
      const instance = Reservations?.[0]?.Instances?.[0]
      // What it is cannot be told: then whether it is protected cannot be either.
      if (!instance) throw noInstance()
      for (const { Key = '', Value = '' } of instance.Tags ?? [])
        if (/^env(ironment)?$/i.test(Key.trim())) environments.refuse(Value.trim())
      const said = await unlessDry(dryRun, () =>
        aws.ask('ec2:StopInstances', { region, signal }, (ec2, o) => ec2.stopInstances({ ...one, DryRun: dryRun }, o)),
      )
      return changed(instanceId, said && (said.StoppingInstances ?? []), 'stop')
    },
  )
}

function listed(one: Instance) {
  return {
    instanceId: one.InstanceId ?? '',
    name: one.Tags?.find(tag => tag.Key === 'Name')?.Value ?? null,
    state: one.State?.Name ?? 'unknown',
    type: one.InstanceType ?? 'unknown',
    publicIp: one.PublicIpAddress ?? null,
    privateIp: one.PrivateIpAddress ?? null,
    zone: one.Placement?.AvailabilityZone ?? null,
    launchedAt: one.LaunchTime?.toISOString() ?? null,
  }
}

/** To a dry run AWS answers with an error, also where it would have worked; null then. */
async function unlessDry<T>(dryRun: boolean, ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask()
  } catch (error) {
    if (dryRun && error instanceof Failure && error.details.code === 'DryRunOperation') return null
    throw error
  }
}

interface StateChange {
  PreviousState?: { Name?: string | undefined } | undefined
  CurrentState?: { Name?: string | undefined } | undefined
}

function changed(instanceId: string, changes: StateChange[] | null, verb: 'start' | 'stop') {
  const previousState = changes?.[0]?.PreviousState?.Name ?? null
  const currentState = changes?.[0]?.CurrentState?.Name ?? null
  const text = changes
    ? `${instanceId}: was ${previousState}, is ${currentState}.`
    : `AWS would ${verb} ${instanceId}. Nothing was done.`
  return { text, data: { instanceId, dryRun: changes === null, previousState, currentState } }
}
