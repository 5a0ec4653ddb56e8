//! Which settings are secrets: the type of their values tells, so that none is forgotten.

use super::reading::{Names, command, is_secret};

/// Read by the exporter of traces itself.
const OF_TRACES: &str = "OTEL_EXPORTER_OTLP_HEADERS";

/// The variables whose values appear nowhere: in no log, no message and no help.
///
/// They are those of every setting that is read into a [`Secret`](crate::config::Secret), and the one that the
/// exporter of traces reads.
///
/// # Examples
///
/// ```
/// let secrets = ticketing_server::cli::secret_variables();
///
/// assert!(secrets.contains(&"TICKETING_MONGODB_URI".to_owned()));
/// assert!(!secrets.contains(&"TICKETING_LISTEN".to_owned()));
/// ```
#[must_use]
pub fn secret_variables() -> Vec<String> {
    let command = command(&Names::new());
    let secret = command.get_arguments().filter(|setting| is_secret(setting));
    let variables = secret.filter_map(|setting| Some(setting.get_env()?.to_string_lossy().into_owned()));
    variables.chain([OF_TRACES.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_called_like_a_secret_is_one() {
        let settings = command(&Names::new());
        let is_called_so =
            |name: &str| name.split('_').any(|word| ["key", "password", "secret", "token", "uri"].contains(&word));

        for setting in settings.get_arguments() {
            let name = setting.get_id().as_str();
            assert!(is_secret(setting) || !is_called_so(name), "{name}");
        }
    }

    #[test]
    fn no_secret_is_part_of_the_help() {
        let settings = command(&Names::new());

        for setting in settings.get_arguments().filter(|setting| is_secret(setting)) {
            assert!(setting.is_hide_env_values_set(), "{setting}");
        }
    }
}
