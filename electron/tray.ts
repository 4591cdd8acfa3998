// The tray: brings the window back, stops everything, and quits. What it says is how many decisions wait.
import type { MenuItemConstructorOptions } from 'electron'
import type { Hub } from './notifications.ts'

export function trayMenu(act: { open(): void; stop(): void; quit(): void }): MenuItemConstructorOptions[] {
  return [
    { label: 'Open Gatehouse', click: act.open },
    { label: 'Stop everything', click: act.stop },
    { type: 'separator' },
    { label: 'Quit Gatehouse', click: act.quit },
  ]
}

/** Every server and every call; the window then says so, or why not. */
export async function stopEverything(hub: Hub | undefined, showWindow: () => void): Promise<void> {
  await hub?.policy.change({ kind: 'stop', on: true }).catch(() => {})
  showWindow()
}

export function trayWords(waiting: number): string {
  if (waiting === 0) return 'Gatehouse'
  return waiting === 1 ? 'Gatehouse: 1 decision waits for you' : `Gatehouse: ${waiting} decisions wait for you`
}
