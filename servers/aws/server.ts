// The aws server: who one is, instances, buckets and metrics of one account.
import { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { Protected } from '../kit/protected.ts'
import { type Kit, READS } from '../kit/tools.ts'
import type { Aws } from './aws.ts'
import { registerBucketTools } from './bucket-tools.ts'
import { registerInstanceTools } from './instance-tools.ts'
import { registerMetricTools } from './metric-tools.ts'

export const NAME = 'aws'
export const VERSION = '0.1.0'

export function awsServer(kit: Kit, aws: Aws, protectedEnvironments: readonly string[]): McpServer {
  const server = new McpServer({ name: NAME, title: 'AWS', version: VERSION })

  kit.tool(
    server,
    'get_caller_identity',
    {
      title: 'Who am I',
      description: 'The AWS account and identity that these tools act as.',
      input: z.object({}),
      output: z.object({ account: z.string(), arn: z.string(), userId: z.string(), region: z.string() }),
      annotations: { ...READS, openWorldHint: true },
    },
    async (_, { signal }) => {
      const said = await aws.ask('sts:GetCallerIdentity', { signal }, (sts, o) => sts.getCallerIdentity({}, o))
      const region = await (await aws.client('sts', undefined)).config.region()
      const data = { account: said.Account ?? '', arn: said.Arn ?? '', userId: said.UserId ?? '', region }
      return { text: `${data.arn} of account ${data.account}, in ${region}`, data }
    },
  )
  registerInstanceTools(kit, server, aws, new Protected('environment', 'PROTECTED_ENVIRONMENTS', protectedEnvironments))
  registerBucketTools(kit, server, aws)
  registerMetricTools(kit, server, aws)
  return server
}
