"""`angidi import mappings`: how files of other systems are read."""

import click

from angidi.products.imports.reading.mapping import known_mapping, mapping_names, mapping_text


@click.command("mappings")
@click.argument("name", required=False)
def mappings(name: str | None) -> None:
    """Show the mappings of other systems' files: their names, or the file of one.

    To read files of another form, save one of them, change it, and name it with --mapping.
    """
    if name is None:
        for each in mapping_names():
            click.echo(f"{each:<12} {known_mapping(each).title}: angidi import products FILE --from {each}")
    elif name in mapping_names():
        click.echo(mapping_text(name), nl=False)
    else:
        raise click.BadParameter(f"“{name}” is not known; there are {', '.join(mapping_names())}.", param_hint="NAME")
