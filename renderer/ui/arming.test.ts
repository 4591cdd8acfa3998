import { expect, test } from 'vitest'
import { armedIn, look, mayAllow, type Press, UNSEEN } from './arming.ts'

const seen = { content: 'delete_pod {"name":"a"}', shown: true, focused: true }
const armed = look(UNSEEN, seen, 1000)
const press = (p: Partial<Press> = {}): Press => ({
  by: 'pointer',
  beganAt: 2000,
  repeat: false,
  clicks: 1,
  trusted: true,
  ...p,
})

test('Allow counts 900 ms after it was shown, focused and unchanged', () => {
  expect([1000, 1899, 1900, 5000].map(now => armedIn(armed, now))).toEqual([900, 1, 0, 0])
  expect(look(armed, { ...seen }, 1500)).toBe(armed)
})

test.each([
  ['other content', { ...seen, content: 'delete_pod {"name":"b"}' }, 900],
  ['hidden', { ...seen, shown: false }, null],
  ['without focus', { ...seen, focused: false }, null],
])('%s begins the wait anew', (_, next, left) => {
  expect(armedIn(look(armed, next, 5000), 5000)).toBe(left)
})

test('focus that comes back waits the whole time again', () => {
  const away = look(armed, { ...seen, focused: false }, 3000)
  expect(armedIn(look(away, seen, 4000), 4000)).toBe(900)
})

test.each([
  ['a fresh click', press(), true],
  ['a fresh click on the millisecond', press({ beganAt: 1900 }), true],
  ['a press begun before arming', press({ beganAt: 1899 }), false],
  ['the second half of a double click', press({ clicks: 2 }), false],
  ['a key that repeats', press({ by: 'space', repeat: true }), false],
  ['the space bar', press({ by: 'space' }), true],
  ['Enter', press({ by: 'enter' }), false],
  ['the shortcut', press({ by: 'shortcut' }), true],
  ['the shortcut held down', press({ by: 'shortcut', repeat: true }), false],
  ['an event a script made', press({ trusted: false }), false],
])('%s: allowed is %s', (_, p, allowed) => {
  expect(mayAllow(armed, p)).toBe(allowed)
})

test('nothing allows what is not shown or has no focus', () => {
  expect(mayAllow(UNSEEN, press())).toBe(false)
  expect(mayAllow(look(armed, { ...seen, focused: false }, 1950), press())).toBe(false)
})
