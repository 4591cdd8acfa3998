// The tray: brings the window back, and quits. What it says is how many decisions wait.
import type { MenuItemConstructorOptions } from 'electron'

export function trayMenu(act: { open(): void; quit(): void }): MenuItemConstructorOptions[] {
  return [
    { label: 'Open Gatehouse', click: act.open },
    { type: 'separator' },
    { label: 'Quit Gatehouse', click: act.quit },
  ]
}

export function trayWords(waiting: number): string {
  if (waiting === 0) return 'Gatehouse'
  return waiting === 1 ? 'Gatehouse: 1 decision waits for you' : `Gatehouse: ${waiting} decisions wait for you`
}
