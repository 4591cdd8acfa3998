// The command that wants to run, over any page. `?agree=` names the server; nothing runs by closing it.
import { useId } from 'react'
import { listOf, useServers } from '../../hub.ts'
import { AlertDialog } from '../../ui/index.ts'
import { textOf, useAddress } from '../use-address.ts'
import { Agreement } from './agreement.tsx'
import css from './servers.module.css'

export function AgreementDialog() {
  const [address, go] = useAddress()
  const titleId = `agreement-${useId()}`
  const named = textOf(address.agree)
  const server = listOf(useServers()).find(each => each.id === named || each.name === named)
  if (!server?.agreement || server.state.kind !== 'waiting') return null
  const close = () => go(now => (now.agree === address.agree ? { ...now, agree: undefined } : now))
  return (
    <AlertDialog labelledBy={titleId} width={640} onAside={close}>
      <div className={css.agreeDialog}>
        <Agreement
          key={server.agreement.digest}
          server={server}
          agreement={server.agreement}
          titleId={titleId}
          onClose={close}
        />
      </div>
    </AlertDialog>
  )
}
