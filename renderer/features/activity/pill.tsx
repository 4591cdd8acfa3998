// One member of the filter: set, it says its value and can be taken away; not set, it offers what there is.
import { Menu } from '@mantine/core'
import { IconPlus, IconX } from '@tabler/icons-react'
import css from './activity.module.css'

export interface PillProps {
  name: string
  value: string | null
  plain?: boolean
  options: { key: string; label: string; pick: () => void }[]
  onClear: (() => void) | null
  clearLabel?: string
}

export function Pill({ name, value, plain = false, options, onClear, clearLabel }: PillProps) {
  return (
    <span className={css.pill} data-set={value !== null}>
      <Menu position="bottom-start">
        <Menu.Target>
          <button type="button" className={css.pillName}>
            {value === null ? (
              <>
                <IconPlus size={13} aria-hidden /> {name}
              </>
            ) : plain ? (
              value
            ) : (
              <>
                {name} is <b>{value}</b>
              </>
            )}
          </button>
        </Menu.Target>
        <Menu.Dropdown mah={320} style={{ overflow: 'auto' }}>
          {options.length === 0 && <Menu.Label>None seen yet</Menu.Label>}
          {onClear && <Menu.Item onClick={onClear}>{clearLabel ?? `Any ${name.toLowerCase()}`}</Menu.Item>}
          {options.map(option => (
            <Menu.Item key={option.key} onClick={option.pick}>
              {option.label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {onClear && !plain && (
        <button type="button" className={css.pillClear} aria-label={`Remove: ${name} is ${value}`} onClick={onClear}>
          <IconX size={12} aria-hidden />
        </button>
      )}
    </span>
  )
}

/** Those that are seldom wanted, behind one. */
export function MorePills({ pills }: { pills: PillProps[] }) {
  return (
    <span className={css.pill} data-set={false}>
      <Menu position="bottom-start">
        <Menu.Target>
          <button type="button" className={css.pillName}>
            <IconPlus size={13} aria-hidden /> More
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {pills.map(({ name, options }) => (
            <Menu.Sub key={name}>
              <Menu.Sub.Target>
                <Menu.Sub.Item>{name}</Menu.Sub.Item>
              </Menu.Sub.Target>
              <Menu.Sub.Dropdown mah={320} style={{ overflow: 'auto' }}>
                {options.length === 0 && <Menu.Label>None seen yet</Menu.Label>}
                {options.map(option => (
                  <Menu.Item key={option.key} onClick={option.pick}>
                    {option.label}
                  </Menu.Item>
                ))}
              </Menu.Sub.Dropdown>
            </Menu.Sub>
          ))}
        </Menu.Dropdown>
      </Menu>
    </span>
  )
}
