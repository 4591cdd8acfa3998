// One setting of a bundled server, drawn by what its program says of it: a choice, a number or a line of text.
import { NumberInput, Select, TextInput } from '@mantine/core'
import { type Setting, sentence } from '../../../../contract/catalog.ts'
import { Mono } from '../../../ui/index.ts'
import css from './catalog.module.css'

export function SettingField(props: {
  name: string
  setting: Setting
  /** What counts where the field is empty. */
  usual: string
  because: string | undefined
  value: string
  wrong: string | undefined
  onChange: (value: string) => void
}) {
  const { name, setting, usual, value, onChange } = props
  const common = {
    label: name,
    name,
    description: <SettingHelp text={setting.description} because={props.because} />,
    error: props.wrong,
    autoComplete: 'off',
    spellCheck: false,
    classNames: { label: css.name ?? '', input: 'mono' },
  }
  if (setting.enum)
    return (
      <Select
        {...common}
        data={setting.enum}
        allowDeselect={false}
        value={value || usual}
        onChange={choice => onChange(choice ?? '')}
      />
    )
  if (setting.type === 'integer' || setting.type === 'number')
    return (
      <NumberInput
        {...common}
        placeholder={usual}
        allowDecimal={setting.type === 'number'}
        value={value}
        onChange={next => onChange(`${next}`)}
      />
    )
  return (
    <TextInput {...common} placeholder={usual} value={value} onChange={event => onChange(event.currentTarget.value)} />
  )
}

/** Names between back ticks as names. */
export function SettingHelp({ text = '', because }: { text: string | undefined; because?: string | undefined }) {
  const words = because === undefined ? text : `${text}. ${because}`
  let at = 0
  return words.split('`').map((part, n) => {
    at += part.length + 1
    return n % 2 === 1 ? <Mono key={at}>{part}</Mono> : part
  })
}

/** As far as its schema tells; the rest is said by its program. */
export function wrongWith(
  { type, pattern, minimum, maximum, format, rule }: Setting,
  value: string,
): string | undefined {
  if (value === '' || value.includes('${')) return undefined
  if (type === 'integer' || type === 'number') {
    const number = Number(value)
    if (!Number.isFinite(number)) return 'It is a number.'
    if (type === 'integer' && !Number.isInteger(number)) return 'It is a whole number.'
    if (minimum !== undefined && number < minimum) return `It is at least ${minimum}.`
    if (maximum !== undefined && number > maximum) return `It is at most ${maximum}.`
    return undefined
  }
  const fits = fitsPattern(value, pattern) && (format !== 'uri' || URL.canParse(value))
  return fits ? undefined : sentence(rule ?? 'is written otherwise')
}

/** A pattern that this browser cannot read says nothing. */
function fitsPattern(value: string, pattern: string | undefined): boolean {
  try {
    return pattern === undefined || new RegExp(pattern, 'u').test(value)
  } catch {
    return true
  }
}
