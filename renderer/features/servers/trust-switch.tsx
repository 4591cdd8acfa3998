// Whether a server's own read-only marks are believed; switching it on first lists what that changes.
import { Button, Modal, Switch } from '@mantine/core'
import { useState } from 'react'
import type { Server } from '../../../contract/servers.ts'
import { hub, useCall } from '../../hub.ts'
import { showDone } from '../../ui/index.ts'
import css from './servers.module.css'
import { TrustEffect } from './trust-effect.tsx'

export function TrustSwitch({ server }: { server: Server }) {
  const [asking, setAsking] = useState(false)
  const setTrust = useCall(hub.servers.setTrust)
  const { id, name } = server
  const doubt = async () => {
    if (await setTrust({ id, trust: false })) showDone(`${name} is not trusted any more`)
  }
  const trust = async () => {
    if (await setTrust({ id, trust: true })) showDone(`${name} is trusted`, () => void setTrust({ id, trust: false }))
    setAsking(false)
  }
  return (
    <>
      <Switch
        label={`Believe ${name} about its own tools`}
        checked={server.trusted}
        onChange={() => (server.trusted ? void doubt() : setAsking(true))}
      />
      <Modal opened={asking} onClose={() => setAsking(false)} size={520} title={`Believe ${name} about its own tools?`}>
        <p className={css.hint}>
          <TrustEffect server={server} />
        </p>
        <div className={css.agreeFoot}>
          <span />
          <Button size="md" onClick={() => void trust()}>
            Trust {name}
          </Button>
          <Button size="md" variant="filled" data-autofocus onClick={() => setAsking(false)}>
            Leave it
          </Button>
        </div>
      </Modal>
    </>
  )
}
