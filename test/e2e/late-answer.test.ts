// What a person opened before the answer to an earlier press came stays open.
import { expect, test } from 'vitest'
import { chromiumPath, hasKeychain } from '../harness.ts'
import { openFirstWindow } from './first-window.ts'
import { fixture } from './stories.ts'

test.skipIf(!chromiumPath || !hasKeychain)(
  'the answer to “Run it” comes late, and closes nothing but its own',
  async () => {
    const { hub, page, close } = await openFirstWindow()
    try {
      const release: (() => void)[] = []
      let agreeing: string | undefined
      await page.routeWebSocket(/\/hub/, window => {
        const hub = window.connectToServer()
        window.onMessage(said => {
          if (String(said).includes('/servers/agree')) agreeing = JSON.parse(String(said)).i
          hub.send(said)
        })
        hub.onMessage(said => {
          const isAnswer = agreeing !== undefined && String(said).includes(`"i":"${agreeing}"`)
          if (isAnswer) release.push(() => window.send(said))
          else window.send(said)
        })
      })
      await page.goto(`${new URL(hub.web).origin}/servers`)
      const block = { mcpServers: { normal: { command: 'node', args: [fixture('normal.mjs')] } } }
      await page.getByLabel('Paste a command, an address or an mcpServers block').fill(JSON.stringify(block))
      await page.getByRole('button', { name: 'Continue' }).click()
      const runIt = page.getByRole('alertdialog').getByRole('button', { name: 'Run it' })
      await runIt.click()
      await runIt.waitFor({ state: 'hidden' })
      await expect.poll(() => release.length).toBe(1)

      await page.getByRole('button', { name: 'Add server' }).click()
      await page.getByRole('dialog', { name: 'Add a server' }).waitFor()
      expect(page.url()).toContain('agree=')
      for (const late of release) late()
      await expect.poll(() => page.url()).not.toContain('agree=')
      expect(page.url()).toContain('add=server')
      await page.getByRole('dialog', { name: 'Add a server' }).waitFor()
    } finally {
      await close()
    }
  },
)
