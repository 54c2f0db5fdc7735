"""The addresses of the declarations."""

from django.urls import path

from wufei.apps.declarations import views

app_name = "declarations"

urlpatterns = [
    path("", views.index, name="index"),
    path("plans/", views.plan_list, name="plans"),
    path("plans.xlsx", views.plans_export, name="plans-export"),
    path("plans/new/", views.plan_new, name="plan-new"),
    path("plans/<int:pk>/", views.plan_page, name="plan"),
    path("plans/<int:pk>.xlsx", views.plan_export, name="plan-export"),
    path("plans/<int:pk>/edit/<str:table>/", views.plan_edit, name="plan-edit"),
    path("plans/<int:pk>/file/", views.plan_file, name="plan-file"),
    path("plans/<int:pk>/change/", views.plan_change, name="plan-change"),
    path("plans/<int:pk>/return/", views.plan_return, name="plan-return"),
    path("plans/<int:pk>/receipt/", views.plan_receipt, name="plan-receipt"),
]
