// Chooses the PIN that later windows are asked for, or replaces or removes it with the old one.
import { Button, Modal, Stack, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { hub, useCall } from '../../hub.ts'
import { showDone } from '../../ui/index.ts'

const LEAST = 4

/** `change`: a PIN exists, so the old one is asked for. */
export function PinDialog(props: { opened: boolean; change: boolean; remove?: boolean; onClose: () => void }) {
  const setPin = useCall(hub.windows.setPin)
  const [old, setOld] = useState('')
  const [pin, setNew] = useState('')
  const close = () => {
    setOld('')
    setNew('')
    props.onClose()
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const done = await setPin({ pin: props.remove ? null : pin, ...(props.change ? { old } : {}) })
    if (!done) return
    showDone(props.remove ? 'Removed the PIN' : 'The PIN is set')
    close()
  }
  const hidden = { type: 'password', autoComplete: 'off' }
  return (
    <Modal
      opened={props.opened}
      onClose={close}
      title={props.remove ? 'Remove the PIN' : props.change ? 'Change the PIN' : 'Choose a PIN'}
      size={420}
    >
      <form onSubmit={event => void submit(event)}>
        <Stack gap={12}>
          {props.change && (
            <TextInput
              {...hidden}
              label="Your PIN now"
              data-autofocus
              value={old}
              onChange={e => setOld(e.currentTarget.value)}
            />
          )}
          {!props.remove && (
            <TextInput
              {...hidden}
              label="New PIN"
              description="At least 4 characters. The hub keeps only a hash of it."
              data-autofocus={props.change ? undefined : true}
              value={pin}
              onChange={e => setNew(e.currentTarget.value)}
            />
          )}
          <div style={{ display: 'flex', gap: 8, justifyContent: 'flex-end' }}>
            <Button size="md" onClick={close}>
              Cancel
            </Button>
            <Button
              size="md"
              type="submit"
              variant="filled"
              disabled={(!props.remove && pin.length < LEAST) || (props.change && old === '')}
            >
              {props.remove ? 'Remove PIN' : 'Set PIN'}
            </Button>
          </div>
        </Stack>
      </form>
    </Modal>
  )
}
