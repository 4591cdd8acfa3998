// What may be known before anything is done: which services there are, and what a deployment would still need.
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { NEXT, PAGING, page, withMore } from '../kit/paging.ts'
import { type Kit, READS } from '../kit/tools.ts'
import { Environment, ServiceName, Version } from './backend.ts'
import { check, type Deploying } from './deploying.ts'
import { BACKEND } from './tasks.ts'

const Passed = z.object({ check: z.string(), message: z.string() })

export function addPlanTools(kit: Kit, server: McpServer, d: Deploying): void {
  const { kind: backend } = d.backend
  const annotations = { ...READS, openWorldHint: backend === 'http' }

  kit.tool(
    server,
    'list_services',
    {
      title: 'List services',
      description: 'The names of the services that can be deployed. deployments://config/SERVICE tells more of one.',
      input: z.object(PAGING),
      output: z.object({ services: z.array(z.string()), total: z.number(), ...BACKEND, ...NEXT }),
      annotations,
    },
    async (paging, { signal }) => {
      const { items, ...rest } = page(await d.backend.services(signal), paging)
      return {
        text: withMore(items.join('\n') || 'There are none.', rest),
        data: { services: items, backend, ...rest },
      }
    },
  )

  kit.tool(
    server,
    'check_deployment_prerequisites',
    {
      title: 'Check what a deployment needs',
      description:
        'Whether a version may be deployed now, and why not: configuration, version, dependencies, deployment window, permission. Changes nothing.',
      input: z.object({ service: ServiceName, environment: Environment, version: Version }),
      output: z.object({
        passed: z.array(Passed),
        issues: z.array(Passed.extend({ suggestion: z.string() })),
        proceed: z.boolean(),
        ...BACKEND,
      }),
      annotations,
    },
    async (wanted, call) => {
      const { passed, issues } = await check(d, wanted, d.rights.who(call.caller), call.signal)
      const proceed = issues.length === 0
      const lines = issues.map(one => `- ${one.message} ${one.suggestion}`)
      const { service, version, environment } = wanted
      const verdict = `${service} ${version} ${proceed ? 'may' : 'may not'} go to ${environment} now.`
      return { text: [verdict, ...lines].join('\n'), data: { passed, issues, proceed, backend } }
    },
  )
}
