// Passages that may be meant for the model rather than for people: what they are, where they stand, and their exact words.
import { IconAlertTriangle } from '@tabler/icons-react'
import type { FoundIn, TextFinding } from '../../../contract/pins.ts'
import { Foreign, Mono, plural, Section } from '../../ui/index.ts'
import css from './findings.module.css'
import { heldName, isInstructions } from './held-words.ts'

const FIRST = 8
const KINDS: Record<TextFinding['kind'], string> = {
  hidden: 'Holds text that nobody sees',
  instruction: 'Gives orders to the model',
  'other-tool': 'Speaks of another server’s tool',
  exfiltration: 'May send private matter out',
  credential: 'Asks for a credential',
}

export function Findings({ findings }: { findings: readonly TextFinding[] }) {
  return (
    <ul className={css.findings}>
      {findings.slice(0, FIRST).map(({ kind, what, field, start, passage }) => (
        <li key={`${field} ${start} ${what}`}>
          <IconAlertTriangle size={14} stroke={1.7} aria-hidden />
          <div>
            <p>
              {headOf(what, kind)}{' '}
              <small>
                in <Foreign text={field} max={120} />
              </small>
            </p>
            <p className={css.passage}>
              <Foreign text={passage.before} max={200} />
              <mark>
                <Foreign text={passage.text} max={300} />
              </mark>
              <Foreign text={passage.after} max={200} />
            </p>
          </div>
        </li>
      ))}
      {findings.length > FIRST && <li className={css.more}>and {plural(findings.length - FIRST, 'more passage')}</li>}
    </ul>
  )
}

/** The words before the passage itself, which stands below. */
function headOf(what: string, kind: TextFinding['kind']): string {
  const at = what.indexOf(': “')
  return at > 0 ? what.slice(0, at) : KINDS[kind]
}

/** Beside what a server offers, from its first listing on. */
export function FoundInTools({ name, found }: { name: string; found: readonly FoundIn[] }) {
  if (found.length === 0) return null
  return (
    <Section title="Worth reading" count={found.length}>
      <p className={css.why}>
        These passages may be meant for the model rather than for you. They are signs, not proof: if one looks wrong,
        stop {name}.
      </p>
      {found.slice(0, FIRST).map(one => (
        <section key={one.name} aria-label={heldName(one)} className={css.tool}>
          <h3>
            {isInstructions(one) ? (
              heldName(one)
            ) : (
              <Mono>
                <Foreign text={one.name} max={120} />
              </Mono>
            )}
          </h3>
          <Findings findings={one.findings} />
        </section>
      ))}
      {found.length > FIRST && (
        <p className={css.why}>
          and in {plural(found.length - FIRST, 'more tool')}; `gatehouse servers check` lists them all.
        </p>
      )}
    </Section>
  )
}
