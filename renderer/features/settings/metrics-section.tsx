// Numbers for Prometheus: off until you want them; where they are asked for, and what a scrape must send.
import { Button, NumberInput, Switch } from '@mantine/core'
import { useState } from 'react'
import type { MetricsStatus } from '../../../contract/metrics.ts'
import { hub, useCall } from '../../hub.ts'
import { Banner, Box, CopyButton, Mono, Section, showDone } from '../../ui/index.ts'
import { Row } from './row.tsx'
import css from './settings.module.css'

export function MetricsSection({ metrics }: { metrics: MetricsStatus }) {
  const { on, url, tokenFile, problem } = metrics
  const [port, setPort] = useState<number | string>(metrics.port)
  const [busy, setBusy] = useState(false)
  const set = useCall(hub.metrics.set)
  const isPort = typeof port === 'number' && port >= 1024 && port <= 65_535
  const change = async (to: boolean) => {
    setBusy(true)
    const done = await set({ on: to, ...(isPort ? { port } : {}) })
    setBusy(false)
    if (done && to) showDone(`Prometheus may ask on port ${port}`)
  }
  return (
    <Section title="Metrics" fact="counts, times and states for Prometheus; no arguments, no answers">
      {problem && (
        <div className={css.above}>
          <Banner tone="red" title="They are not to be had" text={problem} />
        </div>
      )}
      <Box>
        <Row
          what="Give numbers to Prometheus"
          text="Opens a port on this computer alone; every question must bring the token"
        >
          <Switch
            aria-label="Give numbers to Prometheus"
            checked={on}
            disabled={busy || (!on && !isPort)}
            onChange={event => void change(event.currentTarget.checked)}
          />
        </Row>
        <Row what="Port" text="Of its own, from 1024 to 65535">
          <span className={css.port}>
            <NumberInput
              aria-label="Metrics port"
              value={port}
              onChange={setPort}
              min={1024}
              max={65_535}
              hideControls
              w={90}
            />
            {on && (
              <Button
                aria-label="Change metrics port"
                disabled={!isPort || port === metrics.port}
                loading={busy}
                onClick={() => void change(true)}
              >
                Change
              </Button>
            )}
          </span>
        </Row>
        {url && tokenFile && (
          <>
            <Row what="Address" text={<Mono>{url}</Mono>}>
              <CopyButton text={url} label="Copy the address" />
            </Row>
            <Row what="Token" text={<Mono>{tokenFile}</Mono>}>
              <CopyButton text={scrapeConfig(url, tokenFile)} label="Copy the settings for prometheus.yml" />
            </Row>
          </>
        )}
      </Box>
    </Section>
  )
}

/** For prometheus.yml, below `scrape_configs`. */
const scrapeConfig = (url: string, tokenFile: string) => `  - job_name: gatehouse
    authorization:
      credentials_file: ${JSON.stringify(tokenFile)}
    static_configs:
      - targets: ['${new URL(url).host}']
`
