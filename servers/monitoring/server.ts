// The monitoring server: are services up, what do Prometheus' numbers say, and what is it alarmed about.
import { McpServer } from '@modelcontextprotocol/server'
import { Failure } from '../kit/failure.ts'
import type { Backed } from '../kit/serve.ts'
import type { Settings } from '../kit/settings.ts'
import type { Kit } from '../kit/tools.ts'
import { AllowedAddresses } from './addresses.ts'
import { addAlertTools } from './alert-tools.ts'
import { addHealthTools } from './health-tools.ts'
import { addMetricTools } from './metric-tools.ts'
import { Prometheus } from './prometheus.ts'
import type { SETTINGS } from './settings.ts'

export const NAME = 'monitoring'
export const VERSION = '0.1.0'

/** What all connections share. */
export function monitoring(kit: Kit, settings: Settings<typeof SETTINGS>): Backed {
  const allowed = new AllowedAddresses(settings.HEALTH_ALLOW)
  const { PROMETHEUS_URL: url, PROMETHEUS_TOKEN: token, PROMETHEUS_USER: user, SERVICE_LABEL: serviceLabel } = settings
  const known = url === undefined ? null : new Prometheus({ url, token, user })
  const prometheus = () => {
    if (known) return known
    throw new Failure(
      'validation_error',
      'No Prometheus is configured for this server.',
      'Ask the person to set PROMETHEUS_URL in its settings. check_service_health works without.',
    )
  }
  const made = () => {
    const server = new McpServer({ name: NAME, title: 'Monitoring', version: VERSION })
    addHealthTools(kit, server, { allowed })
    addMetricTools(kit, server, { prometheus, serviceLabel })
    addAlertTools(kit, server, { prometheus })
    return server
  }
  // The least that can be asked: it comes every few seconds.
  const ready = (signal: AbortSignal) => known!.query('1', { time: Date.now() / 1_000 }, signal)
  return { server: made, ...(known ? { ready } : {}) }
}
