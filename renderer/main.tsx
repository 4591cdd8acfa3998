// Opens the window: colours before the first paint, then the connection, then React.
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { z } from 'zod'
import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import '@mantine/spotlight/styles.css'
import './ui/base.css'
import { connect } from './hub.ts'
import { router } from './routes.tsx'
import { cssVariables, theme } from './theme.ts'
import { nonce } from './ui/nonce.ts'
import { Toasts } from './ui/notify.tsx'

// The CSP forbids generated code; without this zod tries it once and the browser reports it.
z.config({ jitless: true })

const scheme = localStorageColorSchemeManager({ key: 'gatehouse/scheme' })
const chosen = scheme.get('auto')
const dark = chosen === 'dark' || (chosen === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches)
document.documentElement.dataset.mantineColorScheme = dark ? 'dark' : 'light'

connect()

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      colorSchemeManager={scheme}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce ?? ''}
    >
      <Toasts />
      <RouterProvider router={router} />
    </MantineProvider>
  </StrictMode>,
)
