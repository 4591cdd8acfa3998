// The command that wants to run, over any page. `?agree=` names the server; nothing runs by closing it.
import { Modal } from '@mantine/core'
import { listOf, useServers } from '../../hub.ts'
import { textOf, useAddress } from '../use-address.ts'
import { Agreement } from './agreement.tsx'

/** Names the dialog for those who do not see its own heading. */
const UNSEEN_TITLE = {
  header: { position: 'absolute', clipPath: 'inset(50%)' },
  body: { paddingTop: 24 },
} as const

export function AgreementDialog() {
  const [address, go] = useAddress()
  const named = textOf(address.agree)
  const server = listOf(useServers()).find(each => each.id === named || each.name === named)
  const close = () => go({ ...address, agree: undefined })
  const opened = server !== undefined && server.agreement !== null && server.state.kind === 'waiting'
  return (
    <Modal
      opened={opened}
      onClose={close}
      size={640}
      title={server ? `Run the command of ${server.name}?` : ''}
      styles={UNSEEN_TITLE}
    >
      {opened && (
        <Agreement key={server.agreement!.digest} server={server} agreement={server.agreement!} onClose={close} />
      )}
    </Modal>
  )
}
