//! The command line and the environment → typed settings, and every mistake on the way.
//!
//! clap stops at the first wrong value. So what it complains of is noted and set
//! aside, and the rest is read again, until nothing is left to complain of.

use std::any::TypeId;
use std::collections::BTreeSet;
use std::error::Error;
use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches};

use super::kubernetes;
use super::settings::Settings;
use crate::config::Secret;

const PREFIX: &str = "TICKETING_";

/// Settings by their name in [`Settings`].
pub(super) type Names = BTreeSet<String>;

/// What was read.
pub(super) struct Reading {
    /// All that could be read, and what was given, right or wrong; absent if it is not clear which command was meant.
    pub(super) settings: Option<(Settings, Names)>,
    /// What was given and could not be read.
    pub(super) wrong: Names,
    /// A sentence for each mistake.
    pub(super) mistakes: Vec<String>,
}

/// Reads settings, the first of the arguments being the program.
///
/// # Errors
///
/// The answer to a question, such as `--help`.
pub(super) fn read(mut arguments: Vec<OsString>) -> Result<Reading, clap::Error> {
    let (mut wrong, mut mistakes, mut is_clear) = (Names::new(), Vec::new(), true);
    let settings = loop {
        let mistake = match settings(&wrong, &arguments) {
            Ok(settings) => break is_clear.then_some(settings),
            Err(answer) if !answer.use_stderr() && mistakes.is_empty() => return Err(answer),
            Err(question) if !question.use_stderr() => break None,
            Err(mistake) => mistake,
        };
        mistakes.push(sentence(&mistake));
        if !set_aside(&mistake, &mut arguments, &mut wrong) {
            if !is_clear {
                break None;
            }
            is_clear = false;
            arguments = only_settings(&arguments);
        }
    };
    mistakes.extend(unknown_variables(&variables()));
    Ok(Reading { settings, wrong, mistakes })
}

fn settings(wrong: &Names, arguments: &[OsString]) -> Result<(Settings, Names), clap::Error> {
    let matches = command(wrong).try_get_matches_from(arguments)?;
    let given = matches.ids().map(clap::Id::as_str).filter(|id| is_given(&matches, id));
    let given = given.map(str::to_owned).chain(wrong.iter().cloned()).collect();
    Ok((Settings::from_arg_matches(&matches)?, given))
}

fn is_given(matches: &ArgMatches, id: &str) -> bool {
    matches!(matches.value_source(id), Some(ValueSource::CommandLine | ValueSource::EnvVariable))
}

/// Every setting is a flag of all commands, and a variable unless its value is known to be wrong: its own, or the one
/// that the world has a name for. The help shows the value of no secret.
pub(super) fn command(wrong: &Names) -> clap::Command {
    Settings::command().mut_args(|setting| {
        let (name, is_secret) = (setting.get_id().as_str(), is_secret(&setting));
        if wrong.contains(name) {
            return setting.global(true).env(None::<&str>);
        }
        let variable = setting.get_env().map(ToOwned::to_owned);
        let variable = variable.unwrap_or_else(|| format!("{PREFIX}{}", name.to_uppercase()).into());
        setting.global(true).env(variable).hide_env_values(is_secret)
    })
}

/// Whether the values of a setting are read into [`Secret`]s, which nothing prints.
pub(super) fn is_secret(setting: &Arg) -> bool {
    let values = setting.get_value_parser().type_id();
    values == TypeId::of::<Secret>() || values == TypeId::of::<Vec<Secret>>()
}

/// What is wrong, by the name of the setting. A value is quoted by its parser alone, which knows whether it is a secret.
fn sentence(mistake: &clap::Error) -> String {
    match (context(mistake, ContextKind::InvalidArg), mistake.source()) {
        (Some(argument), Some(reason)) => format!("{}: {reason}", name(argument)),
        _ => {
            let text = mistake.to_string();
            let of_clap = text.lines().find_map(|line| line.strip_prefix("error: "));
            of_clap.unwrap_or("a command is missing").to_owned()
        }
    }
}

/// Takes away what a mistake is about. Whether the rest can be understood without it.
fn set_aside(mistake: &clap::Error, arguments: &mut Vec<OsString>, wrong: &mut Names) -> bool {
    let Some(argument) = context(mistake, ContextKind::InvalidArg) else { return false };
    let (known, count) = (wrong.len(), arguments.len());
    if let Some(flag) = name(argument).strip_prefix("--") {
        wrong.insert(flag.replace('-', "_"));
        *arguments = only(arguments, |of| of != Some(name(argument)));
    } else if let (true, Some(value)) = (argument.starts_with('['), context(mistake, ContextKind::InvalidValue)) {
        arguments.retain(|argument| argument != value);
    }
    wrong.len() > known || arguments.len() < count
}

fn context(mistake: &clap::Error, kind: ContextKind) -> Option<&str> {
    match mistake.get(kind) {
        Some(ContextValue::String(text)) => Some(text),
        _ => None,
    }
}

/// `--hold` of `--hold <SPAN>`, and `SERVICE` of `[SERVICE]...`.
fn name(argument: &str) -> &str {
    argument.split([' ', '=']).next().unwrap_or_default().trim_matches(['[', ']', '<', '>', '.'])
}

/// The flags of settings, without the command.
fn only_settings(arguments: &[OsString]) -> Vec<OsString> {
    let settings = command(&Names::new());
    let is_setting = |flag: &str| settings.get_arguments().any(|known| known.get_long() == flag.strip_prefix("--"));
    only(arguments, |flag| flag.is_some_and(is_setting))
}

/// The program and what `keep` wants of the other arguments, asked by the flag that each is or follows.
fn only(arguments: &[OsString], keep: impl Fn(Option<&str>) -> bool) -> Vec<OsString> {
    let mut awaiting = None;
    let mut kept = Vec::new();
    for (position, argument) in arguments.iter().enumerate() {
        let text = argument.to_string_lossy();
        let is_flag = text.starts_with("--");
        let flag = if is_flag { Some(name(&text).to_owned()) } else { awaiting.take() };
        awaiting = flag.clone().filter(|_| is_flag && !text.contains('='));
        if position == 0 || keep(flag.as_deref()) {
            kept.push(argument.clone());
        }
    }
    kept
}

/// Those whose names look like settings. A value that is no text is of no interest here.
fn variables() -> Vec<(String, String)> {
    let text = |(name, value): (OsString, OsString)| {
        (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
    };
    std::env::vars_os().map(text).filter(|(name, _)| name.starts_with(PREFIX)).collect()
}

fn unknown_variables(variables: &kubernetes::Variables) -> Vec<String> {
    let command = command(&Names::new());
    let known: Vec<_> = command.get_arguments().filter_map(Arg::get_env).collect();
    let unknown = variables
        .iter()
        .filter(|(name, value)| !known.contains(&OsStr::new(name)) && !kubernetes::sets(name, value, variables));
    let mut unknown: Vec<_> = unknown.map(|(name, _)| format!("{name}: there is no such setting")).collect();
    unknown.sort();
    unknown
}
