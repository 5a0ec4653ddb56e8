//! `ticketing move`: from the file to the databases.

#[cfg(all(feature = "mongodb", feature = "sqlite"))]
mod carry;

#[cfg(all(feature = "mongodb", feature = "sqlite"))]
pub(super) use carry::{move_file, take_back};
#[cfg(not(all(feature = "mongodb", feature = "sqlite")))]
pub(super) use lacking::{move_file, take_back};

#[cfg(not(all(feature = "mongodb", feature = "sqlite")))]
mod lacking {
    //! What a build says that lacks an engine.

    use std::time::Duration;

    use ticketing_core::ports::BoxError;

    use crate::config::Config;

    const LACKS: &str = "this build lacks an engine: build with --features mongodb,sqlite";

    pub(in crate::cli) async fn move_file(_: &Config, _: Duration) -> Result<(), BoxError> {
        Err(LACKS.into())
    }

    pub(in crate::cli) async fn take_back(_: &Config) -> Result<(), BoxError> {
        Err(LACKS.into())
    }
}
