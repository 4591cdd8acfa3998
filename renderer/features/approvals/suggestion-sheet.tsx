// Questions that were always answered yes, as the rule they could become: it is changed here before it is written.
import { Button } from '@mantine/core'
import { IconRepeat } from '@tabler/icons-react'
import type { Suggestion } from '../../../contract/policy.ts'
import { Ago } from '../../ui/clock.tsx'
import { Foreign } from '../../ui/foreign.tsx'
import { Tile } from '../../ui/tile.tsx'
import { RuleForm } from '../policy/rule-form.tsx'
import { ruleFrom } from '../policy/use-suggestions.ts'
import { useNames } from '../use-names.ts'
import css from './approvals.module.css'

export function SuggestionSheet({ suggestion, onLeave, onDone }: SuggestionSheetProps) {
  const names = useNames()
  const { client, server, tool, yes, since } = suggestion
  return (
    <div className={css.sheet}>
      <header className={css.head}>
        <Tile size={32}>
          <IconRepeat size={18} stroke={1.6} />
        </Tile>
        <div className={css.headWords}>
          <h2 className={css.sheetTitle}>These {yes} questions were always yes</h2>
          <p className={css.sheetFact}>
            {names.client(client)} runs{' '}
            <code>
              <Foreign text={tool} max={80} />
            </code>{' '}
            on {names.server(server)}, first asked <Ago at={since} />. A rule stops the asking; as it stands or
            narrower.
          </p>
        </div>
        <Button onClick={onLeave}>Go on asking</Button>
      </header>
      <RuleForm begin={ruleFrom(suggestion)} onDone={onDone} />
    </div>
  )
}

interface SuggestionSheetProps {
  suggestion: Suggestion
  onLeave: () => void
  onDone: () => void
}
