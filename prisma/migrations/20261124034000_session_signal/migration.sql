-- Whoever changes a session's status, in whichever process, tells those who watch the session: at the commit, with its id alone.
CREATE FUNCTION announce_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('tidewater_sessions', OLD.id);
  RETURN NULL;
END
$$;

CREATE TRIGGER sessions_announce_status AFTER UPDATE OF status ON sessions
  FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION announce_session();

CREATE TRIGGER sessions_announce_removal AFTER DELETE ON sessions
  FOR EACH ROW EXECUTE FUNCTION announce_session();
