// Where clients come in over HTTP, and on which port.
import { Button, NumberInput } from '@mantine/core'
import { useState } from 'react'
import type { HubStatus } from '../../../contract/hub.ts'
import { hub, useCall } from '../../hub.ts'
import { Banner, Box, CopyButton, Mono, Section, showDone } from '../../ui/index.ts'
import { Row } from './row.tsx'
import css from './settings.module.css'

export function HttpSection({ http }: { http: HubStatus['http'] }) {
  const [port, setPort] = useState<number | string>(http?.port ?? '')
  const [busy, setBusy] = useState(false)
  const change = useCall(hub.clients.setHttpPort)
  const isNew = typeof port === 'number' && port !== http?.port && port >= 1024 && port <= 65_535
  const save = async () => {
    setBusy(true)
    const done = await change({ port: Number(port) })
    setBusy(false)
    if (done) showDone(`The port is ${done.port} now. Give clients that know the old one the new address.`)
  }
  return (
    <Section title="Clients over HTTP">
      {http?.problem && (
        <div className={css.above}>
          <Banner tone="red" title="It is not open" text={http.problem} />
        </div>
      )}
      <Box>
        {http ? (
          <>
            <Row what="Address" text={<Mono>{http.url}</Mono>}>
              <CopyButton text={http.url} label="Copy the address" />
            </Row>
            <Row what="Port" text="On this computer alone; every client needs its own token">
              <span className={css.port}>
                <NumberInput
                  aria-label="Port"
                  value={port}
                  onChange={setPort}
                  min={1024}
                  max={65_535}
                  hideControls
                  w={90}
                />
                <Button aria-label="Change port" disabled={!isNew} loading={busy} onClick={() => void save()}>
                  Change
                </Button>
              </span>
            </Row>
          </>
        ) : (
          <Row what="Off" text="Nothing listens until a client needs it: Clients, Other client…" />
        )}
      </Box>
    </Section>
  )
}
