//! Real bytes of the project: models, and texts.

use std::iter::repeat_with;

use edgefit::format::PREFIX_LEN;
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use crate::reference::{
    Network,
    generate::{sound_network, sound_numeric_network},
};

/// What follows a model in a seed.
pub(crate) const TEXT: &[u8] = b"A truly wonderful film<br />it's awful, Caf\xc3\xa9 \xe2\x80\x94 10/10";

/// Models: the golden ones, one that ships, and small ones of all shapes.
pub(crate) fn models() -> Vec<Vec<u8>> {
    let mut all = vec![
        include_bytes!("../../../shared/golden/tiny.edgefit").to_vec(),
        include_bytes!("../../../shared/golden/numeric.edgefit").to_vec(),
        include_bytes!("../../../models/linear.edgefit").to_vec(),
    ];
    // The same ones each time.
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut draw = |numbers: bool| {
        if numbers {
            sound_numeric_network().new_tree(&mut runner).expect("a network").current().0.file()
        } else {
            sound_network().new_tree(&mut runner).expect("a network").current().file()
        }
    };
    all.extend((0..16).map(|i| draw(i % 4 == 3)));
    // Rows for which the kernels have loops of their own, and which are drawn seldom.
    for bits in [8, 4] {
        let networks = repeat_with(|| sound_network().new_tree(&mut runner).expect("a network").current());
        let has_rows = |network: &Network| network.layers[0].bits == bits && network.layers[0].units.len() == 16;
        all.extend(networks.filter(has_rows).take(1).map(|network| network.file()));
    }
    assert!(all.iter().all(|file| file.len() > PREFIX_LEN));
    all
}

/// Texts as people write them, in several tongues, and some that are none.
pub(crate) fn texts() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = [
        "",
        "A truly wonderful film. Don't miss it!<br /><br />10/10",
        "I've seen awful films, but this... WASTE of time -- 'boring' & \"poor\".",
        "\u{ab}\u{c9}COLE\u{bb} l\u{2019}\u{e9}t\u{e9}\u{2014}\u{e0} la plage\u{2026}",
        "\u{417}\u{430}\u{43c}\u{435}\u{447}\u{430}\u{442}\u{435}\u{43b}\u{44c}\u{43d}\u{44b}\u{439} \u{424}\u{418}\u{41b}\u{42c}\u{41c}",
        "\u{65e5}\u{3005}\u{3001}\u{4e2d}\u{6587}\u{3000}\u{178}\u{2026}\u{feff} plain words",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    all.push((0..=u8::MAX).collect());
    all.push([&b"cut \xe2\x80"[..], b" \xc3", b" \xf0\x9f\x8d"].concat());
    all
}
