// Takes the content out of one line's rows for good: what goes, what stays, and why, before it is done.
import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { hub, useCall } from '../../hub.ts'
import { AlertDialog, count, plural, showDone } from '../../ui/index.ts'
import css from './activity.module.css'

export function EraseDialog({ rows, onClose }: { rows: readonly number[]; onClose: () => void }) {
  const [why, setWhy] = useState('')
  const [sent, setSent] = useState(false)
  const erase = useCall(hub.audit.erase)
  const which = rows.map(count).join(', ')
  const run = async () => {
    setSent(true)
    const done = await erase({ rows: rows.map(row => ({ from: row, to: row })), why: why.trim() })
    setSent(false)
    if (!done) return
    showDone(`Erased what ${rows.length === 1 ? 'row' : 'rows'} ${which} held`)
    onClose()
  }
  return (
    <AlertDialog labelledBy="erase-title" width={520} onAside={onClose}>
      <div className={css.erase}>
        <h2 id="erase-title">Erase what {rows.length === 1 ? `row ${which} holds` : `rows ${which} hold`}?</h2>
        <dl>
          <dt>Goes, for good</dt>
          <dd>Client, server, tool, arguments, decision and outcome. Nobody can bring them back, you neither.</dd>
          <dt>Stays</dt>
          <dd>
            That there {rows.length === 1 ? 'was a row' : 'were rows'}, when, and the hashes: the chain goes on holding,
            and every check says what was erased. A new row tells that you did it, and why.
          </dd>
          <dt>Not reached</dt>
          <dd>Exports and backups made before.</dd>
        </dl>
        <TextInput
          label="Why"
          description="Kept in the log. Do not repeat here what you erase."
          value={why}
          maxLength={500}
          onChange={event => setWhy(event.currentTarget.value)}
        />
        <div className={css.eraseActs}>
          <Button variant="filled" data-safe onClick={onClose}>
            Keep it
          </Button>
          <Button className={css.danger} disabled={why.trim() === ''} loading={sent} onClick={() => void run()}>
            Erase {plural(rows.length, 'row')}
          </Button>
        </div>
      </div>
    </AlertDialog>
  )
}
