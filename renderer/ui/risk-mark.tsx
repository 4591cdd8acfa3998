// What a tool may do, and what policy answers: one glyph, one colour, one word each.
import {
  IconCheck,
  IconEye,
  IconFlame,
  IconHandStop,
  IconMessageQuestion,
  IconPencil,
  IconQuestionMark,
} from '@tabler/icons-react'
import type { Effect, Risk } from '../../contract/servers.ts'
import css from './marks.module.css'

const risks = {
  reads: { Icon: IconEye, word: 'Reads' },
  writes: { Icon: IconPencil, word: 'Writes' },
  destroys: { Icon: IconFlame, word: 'Destroys' },
  unknown: { Icon: IconQuestionMark, word: 'Unknown' },
} satisfies Record<Risk, unknown>

/** `look`: `word` (default), `soft` on its ground, or `glyph` alone with its word for screen readers. */
export function RiskMark({ risk, look = 'word' }: { risk: Risk; look?: 'word' | 'soft' | 'glyph' }) {
  const { Icon, word } = risks[risk]
  return (
    <span
      className={`${css.small} ${css[risk]} ${look === 'soft' ? css.soft : ''}`}
      title={look === 'glyph' ? word : undefined}
    >
      <Icon size={14} stroke={1.7} aria-hidden="true" />
      <span className={look === 'glyph' ? 'visually-hidden' : undefined}>{word}</span>
    </span>
  )
}

const effects = {
  allow: { Icon: IconCheck, word: 'Allow' },
  ask: { Icon: IconMessageQuestion, word: 'Ask' },
  deny: { Icon: IconHandStop, word: 'Deny' },
} satisfies Record<Effect, unknown>

export function EffectMark({ effect, look = 'word' }: { effect: Effect; look?: 'word' | 'soft' }) {
  const { Icon, word } = effects[effect]
  if (look === 'word')
    return (
      <span className={`${css.small} ${effect === 'allow' ? css.plainAllow : css[effect]}`}>
        {effect === 'allow' ? word : <b>{word}</b>}
      </span>
    )
  return (
    <span className={`${css.small} ${css[effect]} ${css.soft}`}>
      <Icon size={14} stroke={1.8} aria-hidden="true" />
      {word}
    </span>
  )
}
