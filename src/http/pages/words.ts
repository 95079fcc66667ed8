/** The words of the hosted pages: one object per language. */
export interface Words {
  language: 'en' | 'de';
  /** YYYY-MM-DD or a time, as people write a date. */
  date: (date: string | Date) => string;

  chooseTitle: string;
  /** On whose behalf. */
  onBehalf: (client: string) => string;
  /** Against those who pass on a link of their own. */
  onlyYours: (client: string) => string;
  search: string;
  searchButton: string;
  banks: string;
  noBanks: string;
  moreBanks: string;

  confirmTitle: (bank: string) => string;
  renewTitle: (bank: string) => string;
  sharedTitle: string;
  shared: string[];
  sharedOnce: string;
  sharedRecurring: (until: string, timesPerDay: number) => string;
  sharedSafely: string;
  toBank: (bank: string) => string;
  otherBank: string;

  loginTitle: (bank: string) => string;
  identifyText: string;
  loginText: string;
  userName: string;
  corporateId: string;
  accountsTitle: string;
  accountsText: string;
  ibans: string;
  confirmationTitle: string;
  confirmationText: string;
  password: string;
  continue: string;
  methodTitle: string;
  methods: string;
  otpTitle: string;
  otp: string;
  challengeImage: string;
  approveTitle: string;
  approveText: string;
  wrongTitle: string;
  wrongCredentials: string;
  wrongOtp: string;
  wrongIbans: string;

  pausedTitle: string;
  pausedText: (minutes: number) => string;
  pausedHint: string;

  otherBrowserTitle: string;
  otherBrowserText: string;
  otherBrowserHint: string;
  noCookieTitle: string;
  noCookieText: string;
  /** Where the end user has come back from the bank, in another browser. */
  returnCodeTitle: string;
  returnCodeText: (client: string) => string;
  returnCodeHint: string;
  returnCodeWarningTitle: string;
  returnCodeWarning: string;
  goOnIn: (client: string) => string;
  notBegunByMe: string;
  stoppedTitle: string;
  stoppedText: string;
  /** Where the end user began. */
  enterReturnCodeTitle: string;
  enterReturnCodeText: string;
  returnCode: string;
  wrongReturnCode: (triesLeft: number) => string;

  goTitle: string;
  waitTitle: string;
  waitText: string;
  waitHint: string;
  runningTitle: string;
  runningText: string;
  runningHint: string;
  looksAgain: string;
  lookNow: string;

  doneTitle: string;
  doneText: string;
  deniedTitle: string;
  deniedText: string;
  unconfirmedTitle: string;
  unconfirmedText: string;
  failedTitle: string;
  failedText: string;
  finishedTitle: string;
  finishedText: string;
  cancelledTitle: string;
  cancelledText: string;
  expiredTitle: string;
  expiredText: string;
  troubleTitle: string;
  troubleText: string;
  /** Of what waiting does not mend. */
  refusedTitle: string;
  refusedText: (client: string) => string;
  reference: (reference: string) => string;
  faultTitle: string;
  faultText: string;
  invalidTitle: string;
  invalidText: string;
  outOfStepTitle: string;
  outOfStepText: string;
  tryAgain: string;
  goOn: string;
  back: string;
  cancel: string;
  cancelTitle: string;
  /** Of a session that has ended, or will end, without a first consent. */
  nothingShared: string;
  /** The same of a renewal. */
  nothingChanged: string;
  cancelForm: string;

  overviewTitle: string;
  overviewText: string;
  noLogins: string;
  accounts: (bank: string) => string;
  consentUntil: (date: string) => string;
  consentOnce: string;
  noConsent: string;
  /** Of a login whose secrets are not stored. */
  onlyWithYou: string;
  approvedOn: (date: string) => string;
  fetchedOn: (date: string) => string;
  needsApproval: string;
  renew: string;
  remove: string;
  removeLogin: (bank: string) => string;
  removeTitle: (bank: string) => string;
  removeText: string;
  keep: string;
  add: string;
  finish: string;
}
