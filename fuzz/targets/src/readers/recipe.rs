//! The reader of recipe files.

use std::{fs, path::Path};

use edgefit::format::{MAX_LAYERS, MAX_UNITS};
use edgefit_trainer::{
    Result,
    recipe::{Knobs, NAMES, Recipe},
    run::Protocol,
};
use tempfile::tempdir;

use super::says_what_to_do;

/// What can be read makes a recipe that can be trained and comes back from its own file, or a knob is named.
pub fn run(bytes: &[u8]) {
    let folder = tempdir().expect("a folder for the file");
    let path = folder.path().join("recipe.toml");
    fs::write(&path, bytes).expect("the folder can be written");
    let read = |path: &Path| -> Result<Recipe> { Knobs::read(path)?.resolve(None, &Knobs::default()) };
    match read(&path) {
        Ok(recipe) => {
            assert!(recipe.hidden.len() < MAX_LAYERS && recipe.dropout.len() == recipe.hidden.len());
            assert!(recipe.hidden.iter().all(|units| (1..=MAX_UNITS).contains(units)));
            assert!(recipe.learning_rate.is_finite() && recipe.learning_rate > 0.0 && recipe.batch_size > 0);
            let text = toml::to_string(&Knobs::of(&recipe, 1, Protocol::HeldOut)).expect("a recipe is plain data");
            fs::write(&path, &text).expect("the folder can be written");
            assert_eq!(read(&path).expect("its own file"), recipe, "{text}");
        }
        // Text that is none is what the system says of it.
        Err(error) if std::str::from_utf8(bytes).is_err() => assert!(error.to_string().contains("recipe.toml")),
        Err(error) => says_what_to_do(&error, ["recipe.toml"].into_iter()),
    }
}

/// What the fuzzer starts from.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let named = NAMES.iter().map(|name| {
        let recipe = Recipe::named(name).expect("a name of the list");
        toml::to_string(&Knobs::of(&recipe, 7, Protocol::Article)).expect("a recipe is plain data").into_bytes()
    });
    let own = [
        "recipe = \"dropout-0.3\"\nhidden = [32, 8]\nepochs = 4\nclass-weights = \"balanced\"\n",
        "hidden = []\noptimizer = \"adam\"\nlearning-rate = 1e-2\nseed = 18446744073709551615\nprotocol = \"held-out\"\n",
    ];
    named.chain(own.map(|text| text.as_bytes().to_vec())).collect()
}
