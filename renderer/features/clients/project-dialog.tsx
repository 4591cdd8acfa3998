// Connecting a client in one project: which folder. The preview that follows shows the file.
import { Button, Modal, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { baseOf, type Client, inProject } from '../../../contract/clients.ts'
import css from './clients.module.css'

export function ProjectDialog({
  client,
  onChosen,
  onClose,
}: {
  client: Client
  onChosen: (id: string) => void
  onClose: () => void
}) {
  const [folder, setFolder] = useState('')
  const path = folder.trim()
  const isWhole = /^(\/|[A-Za-z]:[\\/]|\\\\)/.test(path)
  const choose = (event: FormEvent) => {
    event.preventDefault()
    if (isWhole) onChosen(inProject(client.id, path))
  }
  return (
    <Modal
      opened
      onClose={onClose}
      size={480}
      title={<span className={css.dialogTitle}>Connect {client.name} in one project</span>}
    >
      <form onSubmit={choose}>
        <p className={css.text}>
          The entry goes into the project’s own file, and {client.name} sees Gatehouse there alone. Next you see what
          would be written.
        </p>
        <TextInput
          data-autofocus
          label="Folder of the project"
          placeholder="/home/you/code/shop"
          value={folder}
          onChange={event => setFolder(event.currentTarget.value)}
          error={path !== '' && !isWhole ? 'The whole path, from the root on.' : undefined}
          spellCheck={false}
          mb={18}
        />
        <div className={css.buttons}>
          <Button size="md" onClick={onClose}>
            Cancel
          </Button>
          <Button size="md" type="submit" variant="filled" disabled={!isWhole}>
            Continue
          </Button>
        </div>
      </form>
    </Modal>
  )
}

/** The client of that id; one in a project also before anything was written there. */
export function clientAt(clients: readonly Client[], id: string | undefined): Client | undefined {
  const found = clients.find(each => each.id === id)
  if (found || id === undefined || baseOf(id) === id) return found
  const client = clients.find(each => each.id === baseOf(id))
  const project = id.slice(baseOf(id).length + 1)
  const name = project.split(/[\\/]/).findLast(part => part !== '') ?? project
  return client?.hasProjects
    ? { ...client, id, project, name: `${client.name} in ${name}`, path: null, status: 'found', afterWriting: '' }
    : undefined
}
