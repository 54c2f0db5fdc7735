"""The four lists (四张清单) of each place's plan: targets, tasks, projects, responsibilities.

Invariant: a row belongs to one plan and says where it stands in the plan's document. Department names are kept as the
document prints them, as lists; ``departments_index`` holds them once more as ``|name|name|``, so that both databases
can filter by one name (SQLite cannot ask whether a JSON list contains a value).
"""

from django.db import models

from wufei.core.plan import Mark


class Plan(models.Model):
    """The plan of one place (实施方案). ``digest`` tells which version of its pack the rows came from."""

    division = models.OneToOneField("registry.Division", models.PROTECT, related_name="plan")
    place = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    years = models.JSONField(default=list)
    baseline_year = models.PositiveSmallIntegerField(null=True)
    legend = models.JSONField(default=dict)
    rule_set = models.CharField(max_length=60, null=True)
    notes = models.JSONField(default=list)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["division_id"]

    def __str__(self) -> str:
        return self.title


class Row(models.Model):
    """What the rows of all four lists have in common. ``no`` is null where the document lost the number."""

    plan = models.ForeignKey(Plan, models.CASCADE)
    position = models.PositiveIntegerField()  # the order of the document, from 1
    key = models.CharField(max_length=40)
    no = models.CharField(max_length=20, null=True)  # lost is not empty
    source = models.CharField(max_length=200)
    note = models.CharField(max_length=500, blank=True)
    departments_index = models.TextField(blank=True)

    class Meta:
        abstract = True
        ordering = ["plan_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "key"], name="%(class)s_key_once_a_plan"),
            models.UniqueConstraint(fields=["plan", "position"], name="%(class)s_position_once_a_plan"),
        ]


class Target(Row):
    """A target (目标). ``targets`` is year → canonical text; ``parts`` are its sub rows as objects.

    ``in_text`` marks a dated figure of the running text, beside the numbered list and not counted with it.
    """

    in_text = models.BooleanField(default=False)
    group = models.CharField(max_length=100, blank=True)
    name = models.CharField(max_length=200)
    mark = models.CharField(max_length=12)
    indicator = models.CharField(max_length=80, blank=True)
    scope = models.CharField(max_length=40, blank=True)
    unit = models.CharField(max_length=40, blank=True)
    baseline_year = models.PositiveSmallIntegerField(null=True)
    baseline = models.CharField(max_length=200, blank=True)
    targets = models.JSONField(default=dict)
    departments = models.JSONField(default=list)
    parts = models.JSONField(default=list)

    class Meta(Row.Meta):
        constraints = [
            *Row.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(mark__in=[str(mark) for mark in Mark]), name="target_mark_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Task(Row):
    """A task (任务). ``due`` is the last day that ``deadline`` allows, null where it names none."""

    group = models.CharField(max_length=100, blank=True)
    title = models.CharField(max_length=200)
    lead = models.JSONField(default=list)
    cooperating = models.JSONField(default=list)
    deadline = models.CharField(max_length=100, blank=True)
    due = models.DateField(null=True, db_index=True)

    def __str__(self) -> str:
        return self.title


class Project(Row):
    """A project (项目). ``investment_wan_yuan`` in 万元, null where the document names none.

    15 digits, because SQLite keeps a decimal as a float and gives no more digits back exactly.
    """

    type = models.CharField(max_length=100, blank=True)
    name = models.CharField(max_length=200)
    content = models.TextField(blank=True)
    builder = models.CharField(max_length=300, blank=True)
    investment_wan_yuan = models.DecimalField(max_digits=15, decimal_places=6, null=True)
    completion = models.CharField(max_length=100, blank=True)
    due = models.DateField(null=True, db_index=True)

    class Meta(Row.Meta):
        constraints = [
            *Row.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(investment_wan_yuan__isnull=True) | models.Q(investment_wan_yuan__gte=0),
                name="project_investment_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Responsibility(Row):
    """A responsibility (责任) with those who lead it and those who take part."""

    group = models.CharField(max_length=100, blank=True)
    title = models.CharField(max_length=200)
    lead = models.JSONField(default=list)
    participating = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.title
