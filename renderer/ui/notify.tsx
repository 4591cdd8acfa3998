// Toasts, bottom right: what you did, with Undo where it can be undone, and calls that failed.
import { Button, Group } from '@mantine/core'
import { Notifications, notifications, useNotifications } from '@mantine/notifications'
import { useEffect, useState } from 'react'
import { createPortal } from 'react-dom'
import type { Problem } from '../../contract/procedure.ts'

const LAYER = 'toasts'

/** In the browser's top layer, where open dialogs are: what came last there is over the rest. */
export function Toasts() {
  const { notifications: shown } = useNotifications()
  const [layer] = useState(layerOfToasts)
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each toast that comes
  useEffect(raiseToasts, [shown.length])
  return createPortal(
    <Notifications withinPortal={false} position="bottom-right" limit={3} containerWidth={400} />,
    layer,
  )
}

// Made by hand, because it is moved by hand.
function layerOfToasts(): HTMLElement {
  const known = document.getElementById(LAYER)
  if (known) return known
  const layer = document.createElement('div')
  layer.id = LAYER
  layer.popover = 'manual'
  document.body.append(layer)
  return layer
}

/** For whoever opened or closed a dialog: what is outside of an open one cannot be pressed, so they move into it. */
export function raiseToasts(): void {
  const layer = layerOfToasts()
  if (layer.matches(':popover-open')) layer.hidePopover()
  const place = [...document.querySelectorAll('dialog:modal')].at(-1) ?? document.body
  if (layer.parentElement !== place) place.append(layer)
  layer.showPopover()
}

// Not the word of the dialog that it may lie over.
const CLOSE = { 'aria-label': 'Dismiss' }

/** "Stopped kubernetes", for 8 s. */
export function showDone(what: string, undo?: () => void): void {
  const id = notifications.show({
    message: (
      <Group justify="space-between" gap={12} wrap="nowrap">
        <span>{what}</span>
        {undo && (
          <Button
            size="xs"
            variant="subtle"
            style={{ flex: 'none' }}
            onClick={() => {
              notifications.hide(id)
              undo()
            }}
          >
            Undo
          </Button>
        )}
      </Group>
    ),
    autoClose: 8_000,
    closeButtonProps: CLOSE,
    withBorder: true,
  })
}

/** What failed and what to do next; stays until read. */
export function showProblem(problem: Problem): void {
  notifications.show({
    id: `${problem.code} ${problem.message}`,
    title: problem.message,
    message: problem.hint ?? '',
    autoClose: 20_000,
    closeButtonProps: CLOSE,
    withBorder: true,
    role: 'alert',
    className: 'gh-problem-toast',
  })
}
