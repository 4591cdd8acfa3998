// Toasts, bottom right: what you did, with Undo where it can be undone, and calls that failed.
import { Button, Group } from '@mantine/core'
import { Notifications, notifications, useNotifications } from '@mantine/notifications'
import { useEffect } from 'react'
import type { Problem } from '../../contract/procedure.ts'

const LAYER = 'toasts'

/** In the browser's top layer, where open dialogs are: what came last there is over the rest. */
export function Toasts() {
  const { notifications: shown } = useNotifications()
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each toast that comes
  useEffect(raiseToasts, [shown.length])
  return (
    <div id={LAYER} popover="manual">
      <Notifications withinPortal={false} position="bottom-right" limit={3} containerWidth={400} />
    </div>
  )
}

/** For whoever opened a dialog. */
export function raiseToasts(): void {
  const layer = document.getElementById(LAYER)
  layer?.hidePopover()
  layer?.showPopover()
}

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
    withBorder: true,
    role: 'alert',
    className: 'gh-problem-toast',
  })
}
