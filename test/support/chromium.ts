import { type Browser, chromium } from 'playwright-core';
import { findProgram, leaveOut } from './programs.ts';

/** The installed Chromium, headless; the caller closes it. Null where there is none (an error in CI). */
export async function launchChromium(): Promise<Browser | null> {
  const executablePath = ['chromium', 'chromium-browser', 'google-chrome']
    .map((name) => findProgram(name))
    .find((program) => program !== null);
  if (!executablePath) return leaveOut('Chromium', 'Install it (Debian: apt-get install chromium).');
  // The sandbox needs rights that containers and root do not have; only pages of our own are opened.
  return await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
