"""The whole way, a module for each stretch, so that a command loads no more than it needs.

    session.py   settings and catalog, shared by all recipes of one invocation
    check.py     check_recipe   stages 1 and 2: the text, then the graph
    plan.py      plan_recipe    stage 3: a checked recipe and input values to a plan; reads the store, sends nothing
    run.py       run_recipe     stage 4: that very plan, carried out

Each stage takes what the one before gave and adds to it; diagnostics travel along and are never raised here.
"""
