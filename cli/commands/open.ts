// `gatehouse open`: a link that pairs a window once, opened in the browser or printed.
import type { Command } from '../command.ts'
import { openInBrowser } from '../open-in-browser.ts'
import { say, sayJson } from '../print.ts'

export const open: Command = {
  synopsis: '[--print]',
  help: '  --print   print the link instead of opening it',
  options: { print: { type: 'boolean' } },
  async run({ data, json, flag, hubStarted }) {
    const hub = await hubStarted()
    const link = await hub.call.windows.newLink()
    if (json) {
      sayJson(link)
      return 0
    }
    const seconds = Math.round(link.validMs / 1000)
    if (!flag('print') && openInBrowser(link.url, data)) {
      say(
        `Gatehouse opens in your browser. The link works once, for ${seconds} s.${link.pinNeeded ? ' It asks for your PIN.' : ''}`,
      )
      return 0
    }
    say(link.url)
    process.stderr.write(`It works once, for ${seconds} s.${link.pinNeeded ? ' It asks for your PIN.' : ''}\n`)
    return 0
  },
}
