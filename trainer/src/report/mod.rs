//! The report of a study: one HTML file that needs nothing else, and its figures as files beside it.

mod chart;
mod cost;
mod curves;
mod deployment;
mod figure;
mod limits;
mod more_data;
mod page;
mod png;
mod scale;
mod story;
mod svg;
mod tables;
mod words;

use std::path::Path;

use chart::STYLES;

use crate::{
    Error, Result, files,
    recipe::{BASELINE, Recipe},
    results::{GainRow, ModelRow, Results},
    run::Stand,
    tidy::TidyRow,
};

/// A study that has been done.
#[derive(Debug, Clone, Copy)]
pub struct Study<'a> {
    /// What was found.
    pub results: &'a Results,
    /// Every epoch of every network.
    pub rows: &'a [TidyRow],
    /// The recipes.
    pub recipes: &'a [Recipe],
    /// The shift that does not matter, points.
    pub margin: f64,
}

/// Writes the report to `path`, and the figures as SVG, PNG and CSV to the folder `NAME-figures` beside it, where NAME is
/// the report's without its extension.
///
/// # Errors
///
/// A place that cannot be written.
pub fn write(study: &Study<'_>, path: &Path) -> Result<()> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).filter(|_| path.file_name().is_some());
    let stem =
        stem.ok_or_else(|| Error::usage(format!("--report {}", path.display()), "name a file such as report.html"))?;
    let folder = format!("{stem}-figures");
    let (page, figures) = page::page(study, &folder);
    let folder = path.with_file_name(folder);
    files::create_folder(&folder)?;
    for figure in &figures {
        figure.write(&folder)?;
    }
    files::write(path, page.as_bytes())
}

impl<'a> Study<'a> {
    /// The protocols that it holds, the article's first.
    fn protocols(&self) -> Vec<&'static str> {
        let has = |protocol: &&str| self.results.models.iter().any(|model| model.protocol == *protocol);
        ["article", "held-out"].into_iter().filter(has).collect()
    }

    /// The recipes of a protocol, in the order of the study, the baseline first.
    fn recipe_names(&self, protocol: &str) -> Vec<&'a str> {
        let models = self.results.models.iter().filter(|model| model.protocol == protocol);
        distinct(models.map(|model| model.recipe.as_str()))
    }

    /// All recipes, in the order of the study, the baseline first.
    fn all_recipes(&self) -> Vec<&'a str> {
        distinct(self.results.models.iter().map(|model| model.recipe.as_str()))
    }

    /// The recipes that learn from all of the training data.
    fn whole_recipes(&self) -> Vec<&'a str> {
        self.all_recipes().into_iter().filter(|name| self.fraction(name) >= 1.0).collect()
    }

    /// The models of these recipes by name and deployment, of all seeds and protocols.
    fn whole_models(&self) -> Vec<(String, Vec<&'a ModelRow>)> {
        let mut groups = Vec::new();
        for deployment in self.deployments() {
            for recipe in self.whole_recipes() {
                let of = |model: &&ModelRow| model.recipe == recipe && model.deployment == deployment;
                let models: Vec<&ModelRow> = self.results.models.iter().filter(of).collect();
                groups.push((self.named(recipe, deployment), models));
            }
        }
        groups
    }

    /// The gains of techniques: less data is none, it has a learning curve of its own.
    fn techniques(&self) -> Vec<&'a GainRow> {
        self.results.gains.iter().filter(|gain| self.fraction(&gain.evidence.recipe) >= 1.0).collect()
    }

    /// The seeds, ascending.
    fn seeds(&self) -> Vec<u64> {
        let mut seeds: Vec<u64> = self.results.models.iter().map(|model| model.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        seeds
    }

    /// The models of a recipe under a protocol in one deployment, one a seed: those that stand for their runs by that
    /// protocol.
    fn models(&self, protocol: &str, recipe: &str, deployment: &str) -> Vec<&'a ModelRow> {
        let by_protocol = if protocol == "article" { Stand::Last } else { Stand::Chosen };
        let of = |model: &&ModelRow| {
            (model.protocol.as_str(), model.recipe.as_str(), model.deployment.as_str())
                == (protocol, recipe, deployment)
        };
        let all: Vec<&ModelRow> = self.results.models.iter().filter(of).collect();
        let chosen: Vec<&ModelRow> = all.iter().copied().filter(|model| model.epochs == Some(by_protocol)).collect();
        if chosen.is_empty() { all } else { chosen }
    }

    /// The same in the first deployment, for what all of them share.
    fn networks(&self, protocol: &str, recipe: &str) -> Vec<&'a ModelRow> {
        self.deployments().first().map_or_else(Vec::new, |deployment| self.models(protocol, recipe, deployment))
    }

    /// The models of a recipe that went on to the end, and their epoch.
    fn last_epochs(&self, protocol: &str, recipe: &str) -> Option<(Vec<&'a ModelRow>, u32)> {
        let of = |model: &&ModelRow| {
            model.protocol == protocol && model.recipe == recipe && model.epochs == Some(Stand::Last)
        };
        let models: Vec<&ModelRow> = self.results.models.iter().filter(of).collect();
        let epoch = models.iter().map(|model| model.epoch).max()?;
        Some((models, epoch))
    }

    /// The deployments, in the order of the study.
    fn deployments(&self) -> Vec<&'a str> {
        self.results.deployments()
    }

    /// A name, with its deployment where the study has several.
    fn named(&self, name: &str, deployment: &str) -> String {
        self.results.named(name, deployment)
    }

    /// The models of a protocol in one deployment by name; a baseline that went on to the end for the sake of early stopping
    /// has a row of its own.
    fn by_recipe(&self, protocol: &str, deployment: &str) -> Vec<(String, Vec<&'a ModelRow>)> {
        let mut groups = Vec::new();
        for recipe in self.recipe_names(protocol) {
            let name = self.named(recipe, deployment);
            let models = self.models(protocol, recipe, deployment);
            let stand = models.first().and_then(|model| model.epochs);
            let others = self.results.models.iter().filter(|model| {
                (model.protocol.as_str(), model.recipe.as_str(), model.deployment.as_str())
                    == (protocol, recipe, deployment)
                    && model.epochs != stand
            });
            let others: Vec<&ModelRow> = others.collect();
            let last = format!("{name}, last epoch");
            groups.push((name, models));
            if !others.is_empty() {
                groups.push((last, others));
            }
        }
        groups
    }

    /// The same in all deployments.
    fn by_recipe_and_deployment(&self, protocol: &str) -> Vec<(String, Vec<&'a ModelRow>)> {
        self.deployments().into_iter().flat_map(|deployment| self.by_recipe(protocol, deployment)).collect()
    }

    fn recipe(&self, name: &str) -> Option<&'a Recipe> {
        self.recipes.iter().find(|recipe| recipe.name == name)
    }

    /// The share of the training data that a recipe uses.
    fn fraction(&self, name: &str) -> f64 {
        self.recipe(name).map_or(1.0, |recipe| recipe.data_fraction)
    }

    /// How many hidden units a recipe has.
    fn units(&self, name: &str) -> usize {
        self.recipe(name).map_or(0, |recipe| recipe.hidden.iter().sum())
    }

    /// Whether a recipe differs from the baseline in its capacity alone.
    fn is_capacity(&self, name: &str) -> bool {
        let baseline = self.recipe(BASELINE);
        self.recipe(name).is_some_and(|recipe| {
            recipe.l1 == 0.0
                && recipe.l2 == 0.0
                && recipe.patience.is_none()
                && recipe.data_fraction >= 1.0
                && recipe.dropout.iter().all(|rate| *rate == 0.0)
                && baseline.is_none_or(|baseline| baseline.epochs == recipe.epochs)
        })
    }

    /// The colour and dashes of a recipe, the same in all figures.
    fn style(&self, name: &str) -> usize {
        // The baseline, in every figure, has a style of its own.
        match self.all_recipes().iter().position(|other| *other == name) {
            None | Some(0) => 0,
            Some(place) => 1 + (place - 1) % (STYLES - 1),
        }
    }
}

/// Each name once, in order, the baseline first.
fn distinct<'n>(names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let mut found: Vec<&str> = Vec::new();
    for name in names {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found.sort_by_key(|name| *name != BASELINE);
    found
}
