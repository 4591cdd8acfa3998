// What Prometheus is alarmed about, and how to look into it.
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { NEXT, PAGING, pageOf, withMore } from '../kit/paging.ts'
import { withoutShapesIn } from '../kit/shapes.ts'
import { type Kit, READS } from '../kit/tools.ts'
import type { Measured } from './metric-tools.ts'
import type { Rule } from './prometheus.ts'
import { oneLine } from './series.ts'

const State = z.enum(['firing', 'pending', 'inactive'])
const texts = z.record(z.string(), z.string())
const Alert = z.object({
  name: z.string(),
  state: State,
  labels: texts,
  annotations: texts,
  activeAt: z.string().optional(),
  value: z.string().optional(),
  query: z.string(),
  forSeconds: z.number(),
  problem: z.string().optional().describe('Why the rule cannot be worked out'),
})
type Alert = z.output<typeof Alert>

export function addAlertTools(kit: Kit, server: McpServer, { prometheus }: Pick<Measured, 'prometheus'>): void {
  kit.tool(
    server,
    'list_alerts',
    {
      title: 'List alerts',
      description:
        'Alerts that fire or are about to (pending), with their query, labels and since when. inactive: the rules that are quiet. Prometheus does not know of silences: a silenced alert is here too.',
      input: z.object({ state: State.optional().describe('firing and pending when left out'), ...PAGING }),
      output: z.object({ alerts: z.array(Alert), total: z.number(), ...NEXT }),
      annotations: { ...READS, openWorldHint: true },
    },
    async ({ state, ...paging }, { signal }) => {
      const all = (await prometheus().alertRules(signal)).flatMap(alertsOf).map(withoutSecrets)
      const order = State.options
      const wanted = all
        .filter(alert => (state === undefined ? alert.state !== 'inactive' : alert.state === state))
        .toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
      const { items, ...rest } = pageOf({ state }, wanted, paging)
      const broken = all.filter(alert => alert.problem !== undefined).length
      const lines = [...items.map(inWords), ...(broken > 0 ? [`${broken} rules cannot be worked out.`] : [])]
      return { text: withMore(lines.join('\n') || NONE, rest), data: { alerts: items, ...rest } }
    },
  )

  server.registerPrompt(
    'investigate-alert',
    {
      title: 'Investigate an alert',
      description: 'What to look at, in order, when an alert fires.',
      argsSchema: z.object({ alertname: z.string().trim().min(1).max(200) }),
    },
    ({ alertname }) => ({
      messages: [{ role: 'user', content: { type: 'text', text: STEPS(JSON.stringify(alertname)) } }],
    }),
  )
}

const LONGEST = 500
const NONE = 'No such alert.'
const STEPS = (name: string) => `Find out why the alert ${name} fires. Only look; change nothing.
1. list_alerts: find it. Note its state, since when, its labels, its query and what its annotations say. If it is not there, say so and stop.
2. query_prometheus with its query and without the comparison, from an hour before it became active until now: when did it begin, is it growing, does it come and go?
3. Narrow it down: is it one instance or all of them? Compare with the other series of the same job, and with the same hour yesterday (offset 1d).
4. Look at what usually goes with it: up, error rate, latency, saturation (list_metrics names what the service has). If its labels name a URL, check_service_health.
5. Answer in this order: what is wrong and how sure you are, since when, who is affected, the most likely cause with the numbers that show it, what to do next, and what you could not find out.`

/** People write addresses with passwords into annotations. */
function withoutSecrets(alert: Alert): Alert {
  return { ...alert, annotations: withoutShapesIn(alert.annotations) }
}

function alertsOf({ name, query, duration, labels, annotations, lastError, alerts }: Rule): Alert[] {
  const rule = { name, query, forSeconds: duration, ...(lastError ? { problem: lastError.slice(0, 500) } : {}) }
  if (alerts.length === 0) return [{ ...rule, state: 'inactive', labels, annotations }]
  return alerts.map(({ labels, annotations, state, activeAt, value }) => {
    const is = state === 'firing' ? 'firing' : 'pending'
    return { ...rule, state: is, labels, annotations, activeAt, value }
  })
}

function inWords({ name, state, labels, annotations, activeAt }: Alert): string {
  const { alertname: _, ...rest } = labels
  const where = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  const said = annotations.summary ?? annotations.description
  const since = activeAt ? ` since ${activeAt}` : ''
  return oneLine(`${state}: ${name}${since} (${where.join(', ')})${said ? ` ${said}` : ''}`, LONGEST)
}
