//! What shells and `man` want to know of the command line, made from its one definition.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;

use crate::{Error, Result, cli::Cli, files};

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Write a page for the program and one for each verb to this folder, instead of the program's to stdout
    #[arg(long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
}

/// The script that completes the command line in a shell.
#[must_use]
pub fn completions(args: &CompletionsArgs) -> String {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "trainer", &mut script);
    text(script)
}

/// The manual page of the program, for stdout; or the paths of all pages, once they are written.
///
/// # Errors
///
/// A folder that cannot be made or written.
pub fn man(args: &ManArgs) -> Result<String> {
    let mut command = Cli::command();
    command.build();
    let Some(folder) = &args.output else { return Ok(text(page(&command, Path::new("stdout"))?)) };
    files::create_folder(folder)?;
    let mut written = String::new();
    let mut commands = vec![&command];
    while let Some(command) = commands.pop() {
        let path = folder.join(format!("{}.1", name(command)));
        files::write(&path, &page(command, &path)?)?;
        let _ = writeln!(written, "{}", path.display());
        // Below `help` all verbs come once more.
        let verbs = command.get_subcommands().filter(|verb| verb.get_name() != "help");
        commands.extend(verbs.collect::<Vec<_>>().into_iter().rev());
    }
    Ok(written)
}

/// `trainer-data-info` for the verb `info` of `data`.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

fn page(command: &Command, path: &Path) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    let man = clap_mangen::Man::new(command.clone()).manual("edgefit");
    man.render(&mut page).map_err(Error::io("write", path))?;
    Ok(page)
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("the command line is described in UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;
    use std::fs;

    /// The names of a command's verbs and long flags.
    fn words(command: &Command) -> Vec<String> {
        let flags = command.get_arguments().filter_map(|argument| argument.get_long());
        let verbs = command.get_subcommands().map(Command::get_name);
        flags.chain(verbs).map(str::to_owned).collect()
    }

    #[test]
    fn every_shell_is_told_of_every_verb_and_flag() {
        let command = Cli::command();
        for shell in Shell::value_variants() {
            let script = completions(&CompletionsArgs { shell: *shell });
            for word in command.get_subcommands().flat_map(words).chain(words(&command)) {
                assert!(script.contains(&word), "{shell}: {word}");
            }
        }
    }

    #[test]
    fn there_is_a_page_for_every_verb_with_its_flags() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("share/man1");
        let written = man(&ManArgs { output: Some(output.clone()) }).unwrap();
        let mut names: Vec<String> =
            fs::read_dir(&output).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(written.lines().count(), names.len());
        for name in ["trainer.1", "trainer-train.1", "trainer-data.1", "trainer-data-fetch.1", "trainer-man.1"] {
            assert!(names.iter().any(|n| n == name), "no {name} in {names:?}");
        }
        assert!(names.iter().all(|name| !name.contains("help")));
        for verb in Cli::command().get_subcommands() {
            let page = fs::read_to_string(output.join(format!("trainer-{}.1", verb.get_name()))).unwrap();
            // Hyphens are escaped in a page.
            let page = page.replace("\\-", "-");
            assert!(words(verb).iter().all(|word| page.contains(word)), "{}", verb.get_name());
        }
        let main = man(&ManArgs { output: None }).unwrap();
        assert_eq!(main, fs::read_to_string(output.join("trainer.1")).unwrap());
        assert!(main.contains(".TH trainer 1"), "{main}");
    }
}
