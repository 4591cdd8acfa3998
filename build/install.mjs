// Installs where needed, and nothing else.
import { install } from './set-up.mjs'

install()
