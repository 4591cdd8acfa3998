// Mantine in our tokens, type and sizes. Mantine's own colours are pointed at ours, so its parts fit without more.
import {
  ActionIcon,
  Button,
  Checkbox,
  type CSSVariablesResolver,
  createTheme,
  Input,
  Kbd,
  type MantineColorsTuple,
  Menu,
  Modal,
  Notification,
  SegmentedControl,
  Select,
  Switch,
  Tabs,
  Textarea,
  TextInput,
  Tooltip,
} from '@mantine/core'
import { tokens } from './tokens.ts'

const shades = (name: string) => Array.from({ length: 10 }, () => `var(--${name})`) as unknown as MantineColorsTuple

/** Heights by size: small 24, standard 28, in dialogs 32. */
const heights: Record<string, string> = { xs: '24px', sm: '28px', md: '32px' }

export const theme = createTheme({
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  fontSizes: { xs: '11.5px', sm: '13px', md: '13px', lg: '14px', xl: '16px' },
  lineHeights: { xs: '1.35', sm: '1.385', md: '1.385', lg: '1.4', xl: '1.3' },
  headings: { fontWeight: '600', sizes: { h1: { fontSize: '14px', lineHeight: '18px' } } },
  radius: { xs: '4px', sm: '6px', md: '6px', lg: '8px', xl: '12px' },
  defaultRadius: 'sm',
  primaryColor: 'ink',
  primaryShade: 6,
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  colors: {
    ink: shades('ink'),
    red: shades('red'),
    green: shades('green'),
    amber: shades('amber'),
    blue: shades('blue'),
  },
  components: {
    Button: Button.extend({
      defaultProps: { size: 'sm', variant: 'default' },
      vars: (_theme, props) => ({
        root: {
          '--button-height': heights[props.size ?? 'sm'] ?? '28px',
          '--button-padding-x': props.size === 'xs' ? '8px' : props.size === 'md' ? '14px' : '10px',
          '--button-fz': '12px',
        },
      }),
    }),
    ActionIcon: ActionIcon.extend({
      defaultProps: { variant: 'subtle', size: 'sm' },
      vars: (_theme, props) => ({ root: { '--ai-size': heights[String(props.size ?? 'sm')] ?? '28px' } }),
    }),
    Input: Input.extend({ vars: () => ({ wrapper: { '--input-height': '30px', '--input-fz': '13px' } }) }),
    InputWrapper: Input.Wrapper.extend({
      defaultProps: { inputWrapperOrder: ['label', 'input', 'description', 'error'] },
    }),
    TextInput: TextInput.extend({ defaultProps: { size: 'sm' } }),
    Textarea: Textarea.extend({ defaultProps: { size: 'sm' } }),
    Select: Select.extend({ defaultProps: { size: 'sm', checkIconPosition: 'right' } }),
    Checkbox: Checkbox.extend({ defaultProps: { size: 'xs' } }),
    Switch: Switch.extend({ defaultProps: { size: 'xs', withThumbIndicator: false } }),
    Kbd: Kbd.extend({ defaultProps: { size: 'xs' } }),
    Menu: Menu.extend({ defaultProps: { shadow: 'md', position: 'bottom-end', width: 'max-content' } }),
    Modal: Modal.extend({
      defaultProps: {
        centered: true,
        radius: 'xl',
        padding: 24,
        withCloseButton: false,
        overlayProps: { backgroundOpacity: 0.28 },
        transitionProps: { transition: 'pop', duration: 160 },
      },
    }),
    Notification: Notification.extend({ defaultProps: { radius: 'lg' } }),
    SegmentedControl: SegmentedControl.extend({ defaultProps: { size: 'xs', radius: 'sm', withItemsBorders: false } }),
    Tabs: Tabs.extend({ defaultProps: { keepMounted: false } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 400, withArrow: false, fz: 12 } }),
  },
})

const named = (at: 0 | 1) => Object.fromEntries(Object.entries(tokens).map(([name, pair]) => [`--${name}`, pair[at]]))

const mantine = {
  '--mantine-color-body': 'var(--surface)',
  '--mantine-color-text': 'var(--text-1)',
  '--mantine-color-bright': 'var(--text-1)',
  '--mantine-color-dimmed': 'var(--text-3)',
  '--mantine-color-anchor': 'var(--accent)',
  '--mantine-color-placeholder': 'var(--text-3)',
  '--mantine-color-error': 'var(--red)',
  '--mantine-color-default': 'var(--raised)',
  '--mantine-color-default-hover': 'var(--hover)',
  '--mantine-color-default-color': 'var(--text-1)',
  '--mantine-color-default-border': 'var(--line-2)',
  '--mantine-color-disabled': 'var(--hover)',
  '--mantine-color-disabled-color': 'var(--text-3)',
  '--mantine-color-disabled-border': 'var(--line)',
  '--mantine-primary-color-filled': 'var(--ink)',
  '--mantine-primary-color-filled-hover': 'color-mix(in srgb, var(--ink) 88%, var(--surface))',
  '--mantine-primary-color-contrast': 'var(--on-ink)',
  '--mantine-color-ink-filled': 'var(--ink)',
  '--mantine-color-ink-filled-hover': 'color-mix(in srgb, var(--ink) 88%, var(--surface))',
  '--mantine-color-ink-light': 'var(--hover)',
  '--mantine-color-ink-light-hover': 'var(--hover)',
  '--mantine-color-ink-light-color': 'var(--text-2)',
  '--mantine-color-ink-outline': 'var(--line-2)',
}

/** Tokens as CSS variables, and Mantine's variables as tokens. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: { ...named(0), ...mantine },
  dark: { ...named(1), ...mantine },
})
