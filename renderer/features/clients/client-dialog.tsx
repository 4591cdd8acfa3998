// What the dialogs about a client's file share: whose file it is, above all else, and one act at a time whose failure is kept to be shown.
import { Modal } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { baseOf, type Client } from '../../../contract/clients.ts'
import type { Problem } from '../../../contract/procedure.ts'
import { problemFrom } from '../../hub.ts'
import { ClientTile } from '../../ui/index.ts'
import css from './clients.module.css'

/** Names the dialog for those who do not see its own heading. */
const UNSEEN_TITLE = { header: { position: 'absolute', clipPath: 'inset(50%)' } } as const

export function ClientDialog(props: {
  client: Client
  title: string
  path: string | null
  onClose: () => void
  children: ReactNode
}) {
  const { client, title, path, onClose } = props
  return (
    <Modal opened onClose={onClose} size={820} padding={0} title={title} styles={UNSEEN_TITLE}>
      <header className={css.dialogHead}>
        <ClientTile client={baseOf(client.id)} size={32} />
        <div className={css.names}>
          <h2 className={css.dialogTitle}>{title}</h2>
          <p className={css.dialogPath}>{path}</p>
        </div>
      </header>
      {props.children}
    </Modal>
  )
}

/** `problem`: of the last act that failed, until the next begins. */
export function useActs() {
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const run = async (act: () => Promise<void>) => {
    setBusy(true)
    setProblem(null)
    try {
      await act()
    } catch (error) {
      setProblem(problemFrom(error))
    } finally {
      setBusy(false)
    }
  }
  return { run, busy, problem, setProblem }
}
