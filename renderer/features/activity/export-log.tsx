// The whole log as one file, in the form one asks for; it is read piece by piece, and nothing of it stays here.
import { Button, Menu } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useState } from 'react'
import type { ExportFormat } from '../../../contract/audit.ts'
import { hub, problemFrom } from '../../hub.ts'
import { bytes, showDone, showProblem } from '../../ui/index.ts'
import css from './activity.module.css'

const FORMATS: { format: ExportFormat; what: string; why: string; ending: string; type: string }[] = [
  {
    format: 'bundle',
    what: 'Signed bundle',
    why: 'Proof for somebody else: rows, hashes and the signed end',
    ending: 'bundle.jsonl',
    type: 'application/jsonl',
  },
  {
    format: 'jsonl',
    what: 'JSON lines',
    why: 'One row a line, with its hashes',
    ending: 'jsonl',
    type: 'application/jsonl',
  },
  { format: 'csv', what: 'CSV', why: 'For a spreadsheet', ending: 'csv', type: 'text/csv' },
]

export function ExportLog() {
  const [busy, setBusy] = useState(false)
  const run = async (one: (typeof FORMATS)[number]) => {
    setBusy(true)
    await exportLog(one.format, one.ending, one.type)
    setBusy(false)
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button loading={busy} leftSection={<IconDownload size={14} />}>
          Export…
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {FORMATS.map(one => (
          <Menu.Item key={one.format} onClick={() => void run(one)}>
            {one.what}
            <span className={css.exportWhy}>{one.why}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

/** Saved where downloads go, as one file. */
export async function exportLog(
  format: ExportFormat,
  ending = 'bundle.jsonl',
  type = 'application/jsonl',
): Promise<void> {
  try {
    const pieces: Blob[] = []
    for await (const piece of await hub.audit.export({ format })) pieces.push(new Blob([piece]))
    const file = new Blob(pieces, { type })
    const name = `gatehouse-log-${new Date().toISOString().slice(0, 10)}.${ending}`
    const url = URL.createObjectURL(file)
    const link = Object.assign(document.createElement('a'), { href: url, download: name })
    link.click()
    setTimeout(() => URL.revokeObjectURL(url), 60_000)
    showDone(`Exported ${name}, ${bytes(file.size)}`)
  } catch (error) {
    showProblem(problemFrom(error))
  }
}
