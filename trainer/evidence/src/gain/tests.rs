//! From correctness to verdicts.

use super::*;

const DOCUMENTS: usize = 2_000;
const SEEDS: usize = 5;

/// One row a seed: the first `right` documents are decided rightly, a few more or fewer from seed to seed.
fn correctness(right: usize, seeds: usize) -> Correctness {
    let row = |seed: usize| -> Vec<f32> {
        let right = right + [0, 1, 2, 1, 0][seed];
        (0..DOCUMENTS).map(|document| f32::from(u8::from(document < right))).collect()
    };
    Correctness::new(&(0..seeds).map(row).collect::<Vec<_>>()).unwrap()
}

fn recipe(name: &str, float: usize, integer: usize) -> Recipe {
    let (float, integer) = (correctness(float, SEEDS), correctness(integer, SEEDS));
    Recipe { name: name.into(), float, integer, board: None }
}

fn settings() -> Settings {
    Settings { resampling: Resampling { draws: 500, seed: 3 }, ..Settings::default() }
}

fn gain(technique: Recipe) -> Gain {
    let mut gains = gains(&recipe("baseline", 1_700, 1_700), &[technique], &settings()).unwrap();
    gains.remove(0)
}

#[test]
fn every_verdict_comes_out_of_correctness() {
    for (float, integer, expected) in [
        (1_740, 1_740, "holds"),
        (1_740, 1_712, "lost"),
        (1_740, 1_660, "reversed"),
        (1_702, 1_702, "not shown"),
        (1_702, 1_780, "not shown"),
        (1_660, 1_740, "worse"),
        (1_740, 1_737, "inconclusive"),
        (1_740, 1_780, "inconclusive"),
    ] {
        assert_eq!(gain(recipe("technique", float, integer)).verdict.to_string(), expected);
    }
}

#[test]
fn figures_are_of_float_integer_and_their_difference() {
    // Deployment costs the baseline ten documents of its own.
    let baseline = recipe("baseline", 1_700, 1_690);
    let gain = gains(&baseline, &[recipe("technique", 1_740, 1_727)], &settings()).unwrap().remove(0);
    for (interval, expected) in [(gain.float, 2.0), (gain.integer, 1.85), (gain.shift, -0.15)] {
        assert!((interval.points - expected).abs() < 1e-9, "{interval:?}");
        assert!(interval.low < expected && interval.high > expected);
    }
    // The shift of -0.15 is nearer to -0.25 than to +0.25, and not told from it.
    assert!(gain.equivalence.p > 0.025 && gain.equivalence.p_below_upper < gain.equivalence.p, "{gain:?}");
    for (interval, expected) in
        [(gain.bootstrap.float, 2.0), (gain.bootstrap.integer, 1.85), (gain.bootstrap.shift, -0.15)]
    {
        assert!((interval.points - expected).abs() < 1e-9, "{interval:?}");
    }
    assert_eq!((gain.seeds, gain.documents, gain.approximate), (SEEDS, DOCUMENTS, false));
    assert_eq!(gain.bootstrap.resampling, settings().resampling);
}

#[test]
fn an_inconclusive_verdict_says_what_is_needed() {
    let narrow = gain(recipe("technique", 1_740, 1_737)).needed.unwrap();
    // No seed differs from another in its gain: only documents help.
    assert_eq!(narrow.seeds, None);
    assert!(narrow.documents.is_some_and(|documents| documents > DOCUMENTS));
    let lost_soon = gain(recipe("technique", 1_740, 1_733));
    assert_eq!(lost_soon.verdict, Verdict::Inconclusive);
    assert!(lost_soon.needed.unwrap().documents.is_some_and(|documents| documents > DOCUMENTS));
    let beyond = gain(recipe("technique", 1_740, 1_780)).needed;
    assert_eq!(beyond, Some(Needed { seeds: None, documents: None }));
    assert_eq!(gain(recipe("technique", 1_740, 1_740)).needed, None);
}

#[test]
fn one_seed_is_not_shown_and_three_are_approximate() {
    for (seeds, verdict) in [(1, Verdict::NotShown), (3, Verdict::Holds)] {
        let of = |right| Recipe {
            name: String::new(),
            float: correctness(right, seeds),
            integer: correctness(right, seeds),
            board: None,
        };
        let gains = gains(&of(1_700), &[of(1_740)], &settings()).unwrap();
        assert_eq!((gains[0].verdict, gains[0].approximate), (verdict, true));
        assert!(gains[0].float.low > 0.0);
    }
}

#[test]
fn several_techniques_raise_the_bar() {
    // Five documents gained: p = 0.015 alone, 0.059 among four.
    let slight = || recipe("slight", 1_705, 1_705);
    assert_eq!(gain(slight()).verdict_holm, Verdict::Holds);
    let none = recipe("none", 1_701, 1_701);
    let techniques = [slight(), none.clone(), none.clone(), none];
    let gains = gains(&recipe("baseline", 1_700, 1_700), &techniques, &settings()).unwrap();
    assert!((gains[0].p_holm - 4.0 * gains[0].p).abs() < 1e-12);
    assert_eq!((gains[0].verdict, gains[0].verdict_holm), (Verdict::Holds, Verdict::NotShown));
}

#[test]
fn several_techniques_widen_the_deployed_intervals() {
    // Two documents lost by deployment: the shift stays within the margin at 95%, but not at 99.5%.
    let close = || recipe("close", 1_740, 1_738);
    assert_eq!(gain(close()).verdict_holm, Verdict::Holds);
    let ten = vec![close(); 10];
    let gains = gains(&recipe("baseline", 1_700, 1_700), &ten, &settings()).unwrap();
    assert_eq!((gains[0].verdict, gains[0].verdict_holm), (Verdict::Holds, Verdict::Inconclusive));
}

#[test]
fn the_board_is_a_column_of_its_own() {
    let baseline = Recipe { board: Correctness::new(&[[0.0, 1.0, 0.0, 1.0]]).ok(), ..recipe("b", 1_700, 1_700) };
    let board = Correctness::new(&[[1.0, 1.0, 0.0, 1.0]]).ok();
    let technique = Recipe { board, ..recipe("t", 1_740, 1_740) };
    let with = gains(&baseline, std::slice::from_ref(&technique), &settings()).unwrap().remove(0);
    assert!((with.board.unwrap().points - 25.0).abs() < 1e-12);
    assert_eq!(with.verdict, Verdict::Holds);
    assert_eq!(gain(technique).board, None);
}

#[test]
fn inputs_are_checked() {
    let baseline = recipe("baseline", 1_700, 1_700);
    let with = |settings| gains(&baseline, &[recipe("t", 1_740, 1_740)], &settings);
    assert_eq!(with(Settings { level: 1.0, ..settings() }), Err(Error::Level(1.0)));
    assert_eq!(with(Settings { margin: -0.1, ..settings() }), Err(Error::Margin(-0.1)));
    let endless = f64::INFINITY;
    assert_eq!(with(Settings { margin: endless, ..settings() }), Err(Error::Margin(endless)));
    // Also where there is no technique whose margin another function would check.
    for margin in [-0.1, endless] {
        assert_eq!(gains(&baseline, &[], &Settings { margin, ..settings() }), Err(Error::Margin(margin)));
    }
    let no_draws = Resampling { draws: 0, seed: 0 };
    assert_eq!(with(Settings { resampling: no_draws, ..settings() }), Err(Error::NoDraws));
    let fewer = Recipe { integer: correctness(1_740, 3), ..recipe("t", 1_740, 1_740) };
    let shape = Error::Shape { what: "seeds", expected: 3, got: 5 };
    assert_eq!(gains(&baseline, &[fewer], &settings()), Err(shape));
    assert_eq!(gains(&baseline, &[], &settings()), Ok(Vec::new()));
}

#[test]
fn the_report_has_words_and_numbers() {
    let json = serde_json::to_value(gain(recipe("l2", 1_702, 1_702))).unwrap();
    assert_eq!(json["verdict"], "not shown");
    assert_eq!(json["verdict_holm"], "not shown");
    assert_eq!(json["bootstrap"]["resampling"]["seed"], 3);
    assert!(json["shift"]["low"].is_number() && json["p_holm"].is_number() && json["board"].is_null());
    let words = [Verdict::Holds, Verdict::Lost, Verdict::Reversed, Verdict::NotShown, Verdict::Worse]
        .into_iter()
        .chain([Verdict::Inconclusive]);
    for word in words {
        assert_eq!(serde_json::to_value(word).unwrap(), word.to_string());
    }
}
