/** The words of the hosted pages, in the languages that they speak. */
export interface Words {
  language: 'en' | 'de';
  chooseTitle: string;
  chooseText: string;
  search: string;
  searchButton: string;
  noBanks: string;
  confirmTitle: string;
  renewTitle: string;
  sharedOnce: string;
  sharedRecurring: (days: number) => string;
  shared: string[];
  toBank: (bank: string) => string;
  goTitle: string;
  loginTitle: (bank: string) => string;
  loginText: string;
  userName: string;
  password: string;
  continue: string;
  methodTitle: string;
  otpTitle: string;
  otp: string;
  approveTitle: string;
  approveText: string;
  wrong: string;
  waitTitle: string;
  waitText: string;
  runningTitle: string;
  runningText: string;
  doneTitle: string;
  doneText: string;
  deniedTitle: string;
  deniedText: string;
  failedTitle: string;
  failedText: string;
  cancelledTitle: string;
  cancelledText: string;
  expiredTitle: string;
  expiredText: string;
  troubleTitle: string;
  troubleText: string;
  invalidTitle: string;
  invalidText: string;
  tryAgain: string;
  back: string;
  cancel: string;
  overviewTitle: string;
  overviewText: string;
  noLogins: string;
  accounts: (count: number) => string;
  validUntil: (date: string) => string;
  noConsent: string;
  renew: string;
  remove: string;
  add: string;
}

const english: Words = {
  language: 'en',
  chooseTitle: 'Choose your bank',
  chooseText: 'You will log in at your bank. We never see your password.',
  search: 'Name, BIC or bank code',
  searchButton: 'Search',
  noBanks: 'No bank found. Try another name.',
  confirmTitle: 'Share your account information',
  renewTitle: 'Renew your consent',
  sharedOnce: 'Once, today. Nothing is fetched later without you.',
  sharedRecurring: (days) => `For up to ${days} days, also while you are not here. You can end it at any time.`,
  shared: ['Names and numbers of your accounts', 'Balances', 'Transactions'],
  toBank: (bank) => `Continue to ${bank}`,
  goTitle: 'On to your bank',
  loginTitle: (bank) => `Log in to ${bank}`,
  loginText: 'Your access data go to your bank and are not kept.',
  userName: 'User name',
  password: 'Password',
  continue: 'Continue',
  methodTitle: 'How do you want to confirm?',
  otpTitle: 'Enter the code',
  otp: 'Code from your bank',
  approveTitle: 'Approve in your bank’s app',
  approveText: 'Open the app of your bank and approve the access. This page goes on by itself.',
  wrong: 'That was not right. Please try again.',
  waitTitle: 'Your bank has not confirmed yet',
  waitText: 'This page looks again in a moment.',
  runningTitle: 'Fetching your data',
  runningText: 'This takes a few seconds. The page goes on by itself.',
  doneTitle: 'Done',
  doneText: 'Your account information has been fetched. You can close this page.',
  deniedTitle: 'Not approved',
  deniedText: 'Your bank reports that access was not approved. Nothing has been shared.',
  failedTitle: 'That did not work',
  failedText: 'Your data could not be fetched. Nothing is lost; please try again later.',
  cancelledTitle: 'Cancelled',
  cancelledText: 'Nothing has been shared.',
  expiredTitle: 'This link has expired',
  expiredText: 'Please go back and start again.',
  troubleTitle: 'Your bank does not answer',
  troubleText: 'Please try again in a few minutes.',
  invalidTitle: 'This link is not valid',
  invalidText: 'It may have been used already. Please go back and start again.',
  tryAgain: 'Try again',
  back: 'Back',
  cancel: 'Cancel',
  overviewTitle: 'Your banks',
  overviewText: 'What is connected, and for how long.',
  noLogins: 'No bank is connected yet.',
  accounts: (count) => (count === 1 ? '1 account' : `${count} accounts`),
  validUntil: (date) => `Consent until ${date}`,
  noConsent: 'No valid consent',
  renew: 'Renew',
  remove: 'Remove',
  add: 'Add a bank',
};

const german: Words = {
  language: 'de',
  chooseTitle: 'Wählen Sie Ihre Bank',
  chooseText: 'Sie melden sich bei Ihrer Bank an. Wir sehen Ihr Passwort nie.',
  search: 'Name, BIC oder Bankleitzahl',
  searchButton: 'Suchen',
  noBanks: 'Keine Bank gefunden. Versuchen Sie einen anderen Namen.',
  confirmTitle: 'Kontoinformationen teilen',
  renewTitle: 'Zustimmung erneuern',
  sharedOnce: 'Einmal, heute. Ohne Sie wird später nichts abgerufen.',
  sharedRecurring: (days) =>
    `Bis zu ${days} Tage lang, auch wenn Sie nicht hier sind. Sie können es jederzeit beenden.`,
  shared: ['Namen und Nummern Ihrer Konten', 'Kontostände', 'Umsätze'],
  toBank: (bank) => `Weiter zu ${bank}`,
  goTitle: 'Weiter zu Ihrer Bank',
  loginTitle: (bank) => `Anmelden bei ${bank}`,
  loginText: 'Ihre Zugangsdaten gehen an Ihre Bank und werden nicht gespeichert.',
  userName: 'Benutzername',
  password: 'Passwort',
  continue: 'Weiter',
  methodTitle: 'Wie möchten Sie bestätigen?',
  otpTitle: 'Code eingeben',
  otp: 'Code Ihrer Bank',
  approveTitle: 'In der App Ihrer Bank freigeben',
  approveText: 'Öffnen Sie die App Ihrer Bank und geben Sie den Zugriff frei. Diese Seite geht von selbst weiter.',
  wrong: 'Das war nicht richtig. Bitte versuchen Sie es noch einmal.',
  waitTitle: 'Ihre Bank hat noch nicht bestätigt',
  waitText: 'Diese Seite sieht gleich noch einmal nach.',
  runningTitle: 'Ihre Daten werden abgerufen',
  runningText: 'Das dauert einige Sekunden. Die Seite geht von selbst weiter.',
  doneTitle: 'Fertig',
  doneText: 'Ihre Kontoinformationen wurden abgerufen. Sie können diese Seite schließen.',
  deniedTitle: 'Nicht freigegeben',
  deniedText: 'Ihre Bank meldet, dass der Zugriff nicht freigegeben wurde. Es wurde nichts geteilt.',
  failedTitle: 'Das hat nicht geklappt',
  failedText: 'Ihre Daten konnten nicht abgerufen werden. Nichts ist verloren; versuchen Sie es später noch einmal.',
  cancelledTitle: 'Abgebrochen',
  cancelledText: 'Es wurde nichts geteilt.',
  expiredTitle: 'Dieser Link ist abgelaufen',
  expiredText: 'Bitte gehen Sie zurück und beginnen Sie von vorn.',
  troubleTitle: 'Ihre Bank antwortet nicht',
  troubleText: 'Bitte versuchen Sie es in einigen Minuten noch einmal.',
  invalidTitle: 'Dieser Link ist nicht gültig',
  invalidText: 'Vielleicht wurde er schon benutzt. Bitte gehen Sie zurück und beginnen Sie von vorn.',
  tryAgain: 'Noch einmal versuchen',
  back: 'Zurück',
  cancel: 'Abbrechen',
  overviewTitle: 'Ihre Banken',
  overviewText: 'Was verbunden ist, und wie lange.',
  noLogins: 'Noch keine Bank verbunden.',
  accounts: (count) => (count === 1 ? '1 Konto' : `${count} Konten`),
  validUntil: (date) => `Zustimmung bis ${date}`,
  noConsent: 'Keine gültige Zustimmung',
  renew: 'Erneuern',
  remove: 'Entfernen',
  add: 'Bank hinzufügen',
};

/** The first language of the browser's list that the pages speak; English where there is none. */
export function wordsFor(acceptLanguage: string | undefined): Words {
  for (const entry of (acceptLanguage ?? '').split(',')) {
    const language = entry.trim().slice(0, 2).toLowerCase();
    if (language === 'de') return german;
    if (language === 'en') return english;
  }
  return english;
}
