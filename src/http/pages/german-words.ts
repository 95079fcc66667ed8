import type { Words } from './words.ts';

const days = new Intl.DateTimeFormat('de-DE', { dateStyle: 'long', timeZone: 'UTC' });

export const germanWords: Words = {
  language: 'de',
  date: (date) => days.format(new Date(date)),

  chooseTitle: 'Wählen Sie Ihre Bank',
  onBehalf: (client) =>
    `${client} möchte Ihre Kontoinformationen einsehen. Tidewater ruft sie dafür bei Ihrer Bank ab.`,
  onlyYours: (client) =>
    `Machen Sie nur weiter, wenn Sie selbst gerade von ${client} hierher gekommen sind. Hat Ihnen jemand diesen Link geschickt, schließen Sie die Seite.`,
  search: 'Name der Bank, BIC oder Bankleitzahl',
  searchButton: 'Suchen',
  banks: 'Banken',
  noBanks: 'Keine Bank gefunden. Versuchen Sie einen anderen Namen oder die Bankleitzahl.',
  moreBanks: 'Es gibt noch mehr Banken. Bitte suchen Sie nach Ihrer Bank.',

  confirmTitle: (bank) => `Kontoinformationen von ${bank} teilen`,
  renewTitle: (bank) => `Zustimmung bei ${bank} erneuern`,
  sharedTitle: 'Was geteilt wird',
  shared: ['Namen und Nummern der Konten', 'Kontostände', 'Umsätze'],
  sharedOnce: 'Einmal, jetzt. Später wird ohne Sie nichts abgerufen.',
  sharedRecurring: (until, timesPerDay) =>
    `Bis ${until}, bis zu ${timesPerDay}-mal am Tag, auch wenn Sie nicht hier sind. Sie können Ihre Zustimmung jederzeit widerrufen.`,
  sharedSafely: 'Zahlungen und Änderungen sind damit nicht möglich. Die Freigabe erteilen Sie bei Ihrer Bank.',
  toBank: (bank) => `Weiter mit ${bank}`,
  otherBank: 'Andere Bank wählen',

  loginTitle: (bank) => `Anmelden bei ${bank}`,
  identifyText: 'Ihre Bank muss wissen, wer Sie sind.',
  loginText: 'Was Sie eingeben, geht direkt an Ihre Bank. Ihr Passwort bewahren wir nicht auf.',
  userName: 'Benutzername bei Ihrer Bank',
  corporateId: 'Firmenkennung bei Ihrer Bank',
  accountsTitle: 'Welche Konten möchten Sie freigeben?',
  accountsText: 'Ihre Bank möchte das vorher wissen. Geben Sie die IBANs ein, eine je Zeile.',
  ibans: 'IBANs Ihrer Konten',
  confirmationTitle: 'Geben Sie den Bestätigungscode ein',
  confirmationText: 'Ihre Bank hat Ihnen am Ende ihrer Seite einen Code gezeigt.',
  password: 'Passwort oder PIN Ihres Online-Bankings',
  continue: 'Weiter',
  methodTitle: 'Wie möchten Sie bestätigen?',
  methods: 'Arten der Bestätigung',
  otpTitle: 'Geben Sie den Code ein',
  otp: 'Code Ihrer Bank',
  challengeImage: 'Bild Ihrer Bank zum Scannen mit deren App oder Ihrem Kartenleser',
  approveTitle: 'In der App Ihrer Bank freigeben',
  approveText: 'Öffnen Sie die App Ihrer Bank und geben Sie den Zugriff frei.',
  wrongTitle: 'Das hat nicht geklappt',
  wrongCredentials:
    'Ihre Bank hat diese Angaben nicht angenommen. Bitte prüfen Sie sie und versuchen Sie es noch einmal.',
  wrongOtp: 'Der Code stimmt nicht. Bitte versuchen Sie es noch einmal.',
  wrongIbans: 'Das sind nicht lauter gültige IBANs. Bitte prüfen Sie Ihre Eingabe.',

  pausedTitle: 'Zu viele falsche Eingaben',
  pausedText: (minutes) =>
    `Zu Ihrer Sicherheit warten Sie bitte ${minutes === 1 ? 'eine Minute' : `${minutes} Minuten`} und versuchen Sie es dann noch einmal.`,
  pausedHint: 'Ihre letzte Eingabe wurde nicht an Ihre Bank weitergegeben.',

  otherBrowserTitle: 'Nicht in diesem Browser',
  otherBrowserText:
    'Dies wurde in einem anderen Browser oder auf einem anderen Gerät begonnen und kann nur dort fortgesetzt werden. Von Ihrer Bank wird nichts abgerufen.',
  otherBrowserHint:
    'Haben Sie es selbst begonnen? Dann fangen Sie bitte dort noch einmal an. Hat Sie jemand hierher geschickt, schließen Sie die Seite.',
  noCookieTitle: 'Ihr Browser behält unser Cookie nicht',
  noCookieText:
    'Zu Ihrer Sicherheit kann, was Sie hier beginnen, nur im selben Browser fortgesetzt werden. Dafür brauchen wir ein Cookie, für zwei Stunden. Bitte erlauben Sie Cookies für diese Seite.',
  returnCodeTitle: 'Noch ein Schritt',
  returnCodeText: (client) =>
    `Sie geben ${client} Zugriff auf Ihre Kontoinformationen. Begonnen wurde das in einem anderen Browser oder einer anderen App. Waren Sie das, dann gehen Sie dorthin zurück und geben Sie diesen Code ein:`,
  returnCodeHint:
    'Er gilt fünf Minuten. Werden Sie dort nicht danach gefragt, laden Sie jene Seite neu oder gehen Sie eine Seite zurück.',
  returnCodeWarningTitle: 'Geben Sie diesen Code niemandem',
  returnCodeWarning:
    'Nicht am Telefon, nicht in einer Nachricht: Wer ihn hat, sieht Ihre Konten. Außer Ihnen braucht ihn niemand, und wir fragen Sie nie danach.',
  goOnIn: (client) => `Weiter in der App von ${client}`,
  notBegunByMe: 'Das habe ich nicht begonnen: abbrechen',
  stoppedTitle: 'Abgebrochen',
  stoppedText:
    'Es wurde nichts abgerufen, und der Zugriff wird bei Ihrer Bank beendet. Sie können diese Seite schließen.',
  enterReturnCodeTitle: 'Geben Sie den Code aus Ihrem anderen Fenster ein',
  enterReturnCodeText:
    'Sie sind in einem anderen Browser von Ihrer Bank zurückgekommen. Dort steht ein Code aus sechs Ziffern.',
  returnCode: 'Code aus sechs Ziffern',
  wrongReturnCode: (triesLeft) =>
    `Der Code stimmt nicht. Sie haben noch ${triesLeft === 1 ? 'einen Versuch' : `${triesLeft} Versuche`}.`,

  goTitle: 'Weiter zu Ihrer Bank',
  waitTitle: 'Ihre Bank hat noch nicht bestätigt',
  waitText: 'Wir fragen bei Ihrer Bank noch einmal nach.',
  waitHint: 'Haben Sie unterwegs aufgehört? Dann beginnen Sie bitte noch einmal.',
  runningTitle: 'Ihre Daten werden abgerufen',
  runningText: 'Ihre Bank hat bestätigt. Konten und Umsätze werden gerade abgerufen.',
  runningHint: 'Das dauert einige Sekunden, bei vielen Umsätzen eine Minute.',
  looksAgain: 'Diese Seite aktualisiert sich von selbst.',
  lookNow: 'Jetzt aktualisieren',

  doneTitle: 'Fertig',
  doneText: 'Ihre Kontoinformationen wurden abgerufen. Sie können diese Seite schließen.',
  deniedTitle: 'Nicht freigegeben',
  deniedText: 'Ihre Bank meldet, dass der Zugriff nicht freigegeben wurde.',
  unconfirmedTitle: 'Zu Ihrer Sicherheit abgebrochen',
  unconfirmedText:
    'Es ging in einem anderen Browser weiter und wurde hier nicht rechtzeitig mit dem richtigen Code bestätigt.',
  failedTitle: 'Ihre Daten konnten nicht abgerufen werden',
  failedText: 'Ihre Bank hat nicht wie erwartet geantwortet. Sie können es jetzt oder später noch einmal versuchen.',
  finishedTitle: 'Alles erledigt',
  finishedText: 'Sie können diese Seite schließen.',
  cancelledTitle: 'Abgebrochen',
  cancelledText: 'Sie können diese Seite schließen.',
  expiredTitle: 'Dieser Link ist abgelaufen',
  expiredText: 'Zu Ihrer Sicherheit gilt ein Link eine halbe Stunde. Bitte gehen Sie zurück und beginnen Sie von vorn.',
  troubleTitle: 'Ihre Bank antwortet nicht',
  troubleText: 'Das ist meist bald vorbei. Bitte versuchen Sie es in einigen Minuten noch einmal.',
  refusedTitle: 'Ihre Bank lässt sich nicht verbinden',
  refusedText: (client) =>
    `Ihre Bank hat das abgelehnt, und Warten wird daran nichts ändern. ${client} kann herausfinden, warum; wählen Sie bis dahin bitte eine andere Bank.`,
  reference: (reference) => `Kennzeichen: ${reference}`,
  faultTitle: 'Da ist etwas schiefgegangen',
  faultText: 'Das liegt an uns. Bitte versuchen Sie es in ein paar Minuten noch einmal.',
  invalidTitle: 'Diese Seite kann nicht angezeigt werden',
  invalidText: 'Der Link ist ungültig oder wurde schon benutzt. Bitte gehen Sie zurück und beginnen Sie von vorn.',
  outOfStepTitle: 'Dieser Schritt ist schon erledigt',
  outOfStepText: 'Ihre letzte Eingabe wurde nicht mehr gebraucht und hat nichts geändert.',
  tryAgain: 'Noch einmal versuchen',
  goOn: 'Fortfahren',
  back: 'Zurück',
  cancel: 'Abbrechen',
  cancelTitle: 'Möchten Sie abbrechen?',
  nothingShared: 'Es wurde nichts geteilt.',
  nothingChanged: 'Es wurde nichts geändert.',
  cancelForm: 'Ja, abbrechen',

  overviewTitle: 'Ihre Banken',
  overviewText: 'Diese Banken sind verbunden.',
  noLogins: 'Es ist keine Bank verbunden.',
  accounts: (bank) => `Konten bei ${bank}`,
  consentUntil: (date) => `Zustimmung bis ${date}`,
  consentOnce: 'Zustimmung für einen einzigen Abruf',
  noConsent: 'Keine gültige Zustimmung. Es wird nichts abgerufen.',
  onlyWithYou: 'Wird nur abgerufen, wenn Sie selbst zustimmen.',
  approvedOn: (date) => `Bei der Bank freigegeben am ${date}`,
  fetchedOn: (date) => `Zuletzt abgerufen am ${date}`,
  needsApproval: 'Ihre Bank bittet um eine neue Freigabe.',
  renew: 'Erneuern',
  remove: 'Entfernen',
  removeLogin: (bank) => `${bank} entfernen`,
  removeTitle: (bank) => `${bank} entfernen?`,
  removeText: 'Die Zustimmung endet, und die von dieser Bank abgerufenen Daten werden hier gelöscht.',
  keep: 'Behalten',
  add: 'Bank hinzufügen',
  finish: 'Fertig',
};
