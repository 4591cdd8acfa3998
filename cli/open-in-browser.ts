// Opens a pairing link. Its code is never in an argv, which every user of the machine can read: the browser gets a private file.
import { spawn } from 'node:child_process'
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const OPENERS: Partial<Record<NodeJS.Platform, [string, string[]]>> = {
  darwin: ['open', []],
  win32: ['cmd', ['/c', 'start', '""']],
}

/** False when there is no display, so that the link has to be shown instead. */
export function openInBrowser(url: string, data: string): boolean {
  const { DISPLAY, WAYLAND_DISPLAY, BROWSER } = process.env
  if (process.platform === 'linux' && !DISPLAY && !WAYLAND_DISPLAY && !BROWSER) return false
  const file = writeRedirect(url, data)
  const [command, args] = OPENERS[process.platform] ?? ['xdg-open', []]
  const child = spawn(command, [...args, file], { detached: true, stdio: 'ignore', windowsHide: true })
  child.once('error', () =>
    process.stderr.write(
      `gatehouse: cannot open the browser (${command}). Open the link yourself: gatehouse open --print\n`,
    ),
  )
  child.unref()
  return true
}

/** For who lives longer than the link. */
export function removeRedirect(data: string): void {
  rmSync(join(data, 'open.html'), { force: true })
}

/** One file, written anew each time: its code works once and for two minutes only. */
function writeRedirect(url: string, data: string): string {
  const file = join(data, 'open.html')
  const safe = url.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
  const page = `<!doctype html><meta charset="utf-8"><title>Gatehouse</title><meta http-equiv="refresh" content="0;url=${safe}">
<p><a href="${safe}">Open Gatehouse</a></p>\n`
  rmSync(file, { force: true })
  writeFileSync(file, page, { mode: 0o600, flag: 'wx' })
  chmodSync(file, 0o600)
  return file
}
