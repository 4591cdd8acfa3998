// What a launch has besides its command, as fields: arguments, folder and environment; of an address, its headers.
import { Textarea, TextInput } from '@mantine/core'

export interface LaunchText {
  args: string
  cwd: string
  /** NAME=value, one per line. */
  pairs: string
}

export function LaunchFields({
  remote,
  text,
  problem,
  onChange,
}: {
  remote: boolean
  text: LaunchText
  /** What is wrong with the pairs. */
  problem: string | null
  onChange: (text: LaunchText) => void
}) {
  return (
    <>
      {!remote && (
        <>
          <Textarea
            label="Arguments"
            description="One per line, without quotes"
            classNames={{ input: 'mono' }}
            autosize
            minRows={2}
            value={text.args}
            onChange={event => onChange({ ...text, args: event.currentTarget.value })}
          />
          <TextInput
            label="Folder it starts in"
            placeholder="your home folder"
            value={text.cwd}
            onChange={event => onChange({ ...text, cwd: event.currentTarget.value })}
          />
        </>
      )}
      <Textarea
        label={remote ? 'Headers' : 'Environment'}
        description={'One per line, NAME=value. A credential is named, not written here: API_KEY=${secret:API_KEY}'}
        classNames={{ input: 'mono' }}
        autosize
        minRows={2}
        error={problem}
        value={text.pairs}
        onChange={event => onChange({ ...text, pairs: event.currentTarget.value })}
      />
    </>
  )
}
