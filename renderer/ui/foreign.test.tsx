import { MantineProvider } from '@mantine/core'
import type { ReactNode } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { Foreign, Said } from './foreign.tsx'

const drawn = (node: ReactNode) =>
  renderToStaticMarkup(<MantineProvider>{node}</MantineProvider>).replace(/<style.*?<\/style>/gs, '')
const words = (node: ReactNode) => drawn(node).replace(/<[^>]+>/g, '')

test.each([
  ['a bidi override', 'pay\u202eelif', 'payU+202Eelif'],
  ['a zero-width space', 'ad\u200bmin', 'adU+200Bmin'],
  ['a tag character', 'x\u{e0041}', 'xU+E0041'],
  ['an escape', '\u001b[31mred', 'U+001B[31mred'],
  ['a soft hyphen', 'de\u00adlete', 'deU+00ADlete'],
  ['a lone variation selector', 'a\ufe0e', 'aU+FE0E'],
])('%s is seen', (_what, text, expected) => {
  expect(words(<Foreign text={text} />)).toBe(expected)
})

test('plain text, line breaks and an emoji stay as they are', () => {
  expect(words(<Foreign text={'two\nlines, ÄÖ 漢字 ⚠️'} />)).toBe('two\nlines, ÄÖ 漢字 ⚠️')
})

test('markup of theirs is text', () => {
  expect(drawn(<Foreign text={'<img src=x onerror=alert(1)>'} />)).toContain('&lt;img src=x onerror=alert(1)&gt;')
})

test('long text is cut, and says by how much', () => {
  expect(words(<Foreign text={'x'.repeat(5000)} max={100} />)).toBe(`${'x'.repeat(100)}… 4,900 more characters`)
})

test('it is isolated from our words, and named as theirs', () => {
  expect(drawn(<Said text="trust me" by="kubernetes" />)).toMatch(/<bdi[^>]*>trust me<\/bdi>.*kubernetes says/)
})
