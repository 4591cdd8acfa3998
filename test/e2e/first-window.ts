// The first window of a fresh home, with its PIN chosen: where most stories begin.
import type { BrowserContext, Page } from 'playwright-core'
import { choosePin, closeBrowser, freshHome, type Home, openBrowser, type RunningHub, startHub } from '../harness.ts'

export interface FirstWindow {
  home: Home
  hub: RunningHub
  context: BrowserContext
  page: Page
  close(): Promise<void>
}

/** `prepare`: what is in the home before the hub starts. */
export async function openFirstWindow(prepare: (home: Home) => void = () => {}): Promise<FirstWindow> {
  const home = freshHome()
  prepare(home)
  const hub = await startHub(home)
  const close = async () => {
    await closeBrowser()
    await hub.stop()
  }
  try {
    const context = await openBrowser()
    const page = await context.newPage()
    await page.goto(hub.web)
    await choosePin(page)
    return { home, hub, context, page, close }
  } catch (error) {
    await close()
    throw error
  }
}
